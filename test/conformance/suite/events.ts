import { events } from 'holdfast'
import { expect, test } from 'vitest'
import { setStage, take } from '../../support/stage.ts'
import type { Platform } from '../../support/stage.ts'

const hostile = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '*',
  '',
  ' ',
  'open',
  'a\u0000b',
  '\ud800',
  '💥',
]

export function eventTests(platform: Platform): void {
  test('events reach the handlers of their name, all and once ones, until they are removed', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const heard: string[] = []
    const direct = (): void => void heard.push('direct')
    const off = client.on('chat', () => heard.push('on'))
    client.once('chat', () => heard.push('once'))
    client.on('chat', direct)
    client.onAny((name, data) => heard.push(`any ${name} ${JSON.stringify(data)}`))
    await client.connect()

    let echoed = take(client, 'chat')
    client.send('chat', { n: 1 })
    await echoed
    off()
    client.off('chat', direct)
    echoed = take(client, 'chat')
    client.send('chat', { n: 2 })
    await echoed
    const any = (n: number): string => `any chat {"type":"chat","n":${n}}`
    await expect.poll(() => heard).toEqual(['on', 'once', 'direct', any(1), any(2)])
    expect(client.stats().unhandled).toBe(0)
  })

  test.for(hostile)('%j is an event name like any other', async (name) => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const others: unknown[] = []
    for (const other of [...hostile, 'other'])
      if (other !== name) client.on(other, (data) => others.push(data))
    await client.connect()
    const echoed = take(client, name)
    expect(await client.send(name, { ['__proto__']: 1, constructor: 2 })).toEqual({ status: 'sent' })
    const [data] = await echoed
    expect(JSON.stringify(data)).toBe(JSON.stringify({ type: name, ['__proto__']: 1, constructor: 2 }))
    expect(others).toEqual([])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('lone surrogates in events survive the journey, in raw text they are refused', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const text = 'a\ud800b\udc00c😀'
    const echoed = take(client, 'text')
    client.send('text', { text, [text]: 1 })
    expect(await echoed).toEqual([{ type: 'text', text, [text]: 1 }])
    expect(() => client.sendRaw('a\ud800')).toThrow(expect.objectContaining({ code: 'misuse' }))
    expect(await client.sendRaw('😀')).toEqual({ status: 'sent' })
  })

  test('what is not an event goes to onRaw, or to `unhandled`', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const unhandled: unknown[] = []
    client.watch('unhandled', (message) => unhandled.push(message))
    await client.connect()
    const odd = ['{"type":', 'null', '[]', '"text"', '5', '{"type":5}', '{}']
    for (const text of odd) client.sendRaw(text)
    const end = take(client, 'end')
    client.send('end')
    await end
    expect(unhandled).toEqual(odd.map((data) => ({ name: undefined, data })))
    expect(client.stats()).toMatchObject({ unhandled: odd.length, invalid: 0, opens: 1 })

    const raw: unknown[] = []
    client.onRaw((data) => raw.push(data))
    for (const text of odd) client.sendRaw(text)
    client.send('unheard')
    const again = take(client, 'end')
    client.send('end')
    await again
    expect(raw).toEqual(odd)
    expect(unhandled.at(-1)).toEqual({ name: 'unheard', data: { type: 'unheard' } })
    expect(client.stats()).toMatchObject({ invalid: 0, unhandled: odd.length + 1 })
  })

  test('a loop over events() gets each of them, and ends with its signal', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const controller = new AbortController()
    const values = events(client, 'n', { signal: controller.signal })
    for (let n = 0; n < 5; n++) client.send('n', { n })
    const seen: unknown[] = []
    for await (const event of values) {
      seen.push(event)
      if (seen.length === 5) controller.abort()
    }
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => ({ type: 'n', n })))

    const more = events(client, 'n')
    client.send('n')
    for await (const event of more) {
      expect(event).toEqual({ type: 'n' })
      break
    }
    const before = client.stats().unhandled
    const end = take(client, 'end')
    client.send('n')
    client.send('end')
    await end
    expect(client.stats().unhandled, 'a loop that was left listens no more').toBe(before + 1)
  })

  test('a loop over events() that is too slow fails, with what fitted in', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const values = events(client, 'n', { buffer: 2 })
    for (let n = 0; n < 4; n++) client.send('n', { n })
    const end = take(client, 'end')
    client.send('end')
    await end
    const seen: unknown[] = []
    const loop = async (): Promise<void> => {
      for await (const event of values) seen.push(event)
    }
    await expect(loop()).rejects.toMatchObject({ code: 'overflow' })
    expect(seen).toEqual([0, 1].map((n) => ({ type: 'n', n })))
  })

  test('events() that nobody takes any more stop listening', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    await events(client, 'n').return?.()
    const waiting = events(client, 'n')
    const pending = waiting.next()
    void waiting.return?.()
    const end = take(client, 'end')
    client.send('n')
    client.send('end')
    await end
    expect(client.stats().unhandled).toBe(1)
    expect(await pending).toMatchObject({ done: true })
  })

  test('a loop over events() ends when the client is disposed, or was before', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const waiting = events(client, 'n').next()
    await client.dispose()
    expect(await waiting).toMatchObject({ done: true })
    expect(await events(client, 'n').next()).toMatchObject({ done: true })
  })

  test('a flood of events is handled in order', async () => {
    await using stage = await setStage(platform)
    const count = 5_000
    const client = stage.client(`/flood?count=${count}`)
    const flood = take(client, 'flood', count)
    await client.connect()
    const ns = ((await flood) as { n: number }[]).map(({ n }) => n)
    expect(ns).toEqual(ns.map((_, n) => n))
    expect(client.stats()).toMatchObject({ receivedMessages: count, opens: 1 })
  })
}
