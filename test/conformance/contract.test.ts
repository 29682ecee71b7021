import { correlated, isHoldfastError, plain, schemas } from 'holdfast'
import type { InvalidMessage, SchemaContract } from 'holdfast'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { expectNothingLeft } from '../support/leaks.ts'
import { take } from '../support/stage.ts'
import { misuse, setScene, thrown } from './suite/scene.ts'

expectNothingLeft()

const libraries = {
  zod: {
    toClient: {
      chat: z.object({ text: z.string(), at: z.string().transform(Number) }),
      slow: z.object({}).refine(() => Promise.resolve(true)),
    },
    toServer: {
      say: z.object({ text: z.string().min(1) }),
      slow: z.object({}).refine(() => Promise.resolve(true)),
      sum: { input: z.object({ n: z.number() }), output: z.object({ n: z.number() }) },
    },
  },
  valibot: {
    toClient: {
      chat: v.object({ text: v.string(), at: v.pipe(v.string(), v.transform(Number)) }),
      slow: v.objectAsync({
        text: v.pipeAsync(
          v.string(),
          v.checkAsync(() => Promise.resolve(true)),
        ),
      }),
    },
    toServer: {
      say: v.object({ text: v.pipe(v.string(), v.minLength(1)) }),
      slow: v.objectAsync({}),
      sum: { input: v.object({ n: v.number() }), output: v.object({ n: v.number() }) },
    },
  },
} satisfies Record<string, SchemaContract>

describe.for(Object.keys(libraries) as (keyof typeof libraries)[])('with a contract in %s', (library) => {
  const contract = schemas({
    ...libraries[library],
    toClient: { ...libraries[library].toClient, 'still there': z.object({}) },
  })

  test('handlers get what the schema made of the data', async () => {
    await using scene = await setScene({ contract })
    const heard = take(scene.client, 'chat')
    scene.say('{"type":"chat","text":"hi","at":"42"}')
    expect(await heard).toEqual([{ text: 'hi', at: 42 }])
  })

  test('data that does not fit is reported with the issues, and reaches no handler', async () => {
    await using scene = await setScene({ contract })
    scene.client.on('chat', () => expect.unreachable())
    scene.client.onAny((name) => expect(name).toBe('still there'))
    scene.say('{"type":"chat","text":5}')
    await scene.stillThere()
    expect(scene.invalid).toHaveLength(1)
    const [{ reason, name, data, issues }] = scene.invalid as [InvalidMessage]
    expect({ reason, name, data }).toEqual({
      reason: 'schema',
      name: 'chat',
      data: { type: 'chat', text: 5 },
    })
    expect(issues!.length).toBeGreaterThan(0)
    expect(issues![0]!.message).toMatch(/string/i)
    expect(scene.errors).toEqual([])
  })

  test('names that the contract does not know are reported', async () => {
    await using scene = await setScene({ contract })
    const names = ['other', 'say', '__proto__', 'constructor', 'toString']
    for (const type of names) scene.say(JSON.stringify({ type }))
    await scene.stillThere()
    expect(scene.invalid).toEqual(
      names.map((name) => ({ reason: 'unknown-name', name, data: { type: name } })),
    )
  })

  test('sending what does not fit throws with the issues, and sends nothing', async () => {
    await using scene = await setScene({ contract })
    const { client } = scene
    for (const data of [{ text: '' }, { text: 5 }, {}, undefined, null]) {
      const error = thrown(() => client.send('say', data))
      expect(error).toMatchObject({ code: 'misuse' })
      expect(error.message).toMatch(/^'say' does not fit its schema: ./)
      expect((error.data as unknown[]).length).toBeGreaterThan(0)
    }
    for (const name of ['other', 'chat', '__proto__', 'constructor'])
      expect(() => client.send(name, {})).toThrow(misuse)
    expect(await client.send('say', { text: 'hi' })).toEqual({ status: 'sent' })
    await scene.stillThere()
    const { frames } = await scene.room.until((report) => report.frames.length > 0)
    expect(frames).toEqual(['{"type":"say","text":"hi"}'])
  })

  test('an asynchronous schema is refused when sending', async () => {
    await using scene = await setScene({ contract })
    const error = thrown(() => scene.client.send('slow', {}))
    expect(error).toMatchObject({ code: 'misuse' })
    expect(error.message).toMatch(/synchronous/)
    await scene.stillThere()
    expect(scene.room.report().frames).toEqual([])
  })

  test('an asynchronous schema for incoming data is reported, and the connection goes on', async () => {
    await using scene = await setScene({ contract })
    scene.client.on('slow', () => expect.unreachable())
    scene.say('{"type":"slow","text":"x"}')
    await scene.stillThere()
    expect([...scene.errors, ...scene.invalid]).toHaveLength(1)
  })

  test('an answer that does not fit its schema rejects the request', async () => {
    await using scene = await setScene({ contract, wire: plain({ requests: correlated() }) })
    const { client, room } = scene
    expect(await client.request('sum', { n: 1 })).toMatchObject({ n: 1 })
    expect(() => client.request('sum', { n: '1' })).toThrow(misuse)
    for (const socket of room.sockets) {
      socket.removeAllListeners('message')
      socket.on('message', (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { id: string }
        socket.send(JSON.stringify({ id, n: 'not a number' }))
      })
    }
    await expect(client.request('sum', { n: 2 }, { timeout: 1_000 })).rejects.toMatchObject({
      code: 'invalid',
    })
    await scene.stillThere()
  })
})

test('a schema that throws is refused when sending, and reported when receiving', async () => {
  const explode = z.unknown().transform((): never => {
    throw new Error('boom')
  })
  await using scene = await setScene({
    contract: schemas({ toClient: { x: explode, 'still there': z.unknown() }, toServer: { x: explode } }),
  })
  expect(isHoldfastError(thrown(() => scene.client.send('x', {})))).toBe(true)
  scene.say('{"type":"x"}')
  await scene.stillThere()
  expect([...scene.errors, ...scene.invalid]).toHaveLength(1)
})
