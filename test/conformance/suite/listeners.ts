import { expect, test } from 'vitest'
import type { Client } from 'holdfast'
import { next, reach, setStage, take } from '../../support/stage.ts'
import type { Platform } from '../../support/stage.ts'

/** Every way to be called by a client, all while it has a connection to `/echo` that answers. */
const places: Record<string, (client: Client, listener: () => void) => void> = {
  on: (client, listener) => client.on('x', listener),
  once: (client, listener) => client.once('x', listener),
  onAny: (client, listener) => client.onAny(listener),
  onRaw: (client, listener) => client.onRaw(listener),
  'watch open': (client, listener) => client.watch('open', listener),
  'watch settled': (client, listener) => client.watch('settled', listener),
  'watch unhandled': (client, listener) => client.watch('unhandled', listener),
  subscribe: (client, listener) =>
    client.subscribe(() => {
      if (client.state.status === 'open') listener()
    }),
}

const provoke = (client: Client, place: string): void => {
  client.send('x')
  client.sendRaw(place === 'watch unhandled' ? 'raw' : '"raw"')
}

export function listenerTests(platform: Platform): void {
  test.for(Object.keys(places))('disconnect() inside %s closes, and connect() opens again', async (place) => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    let calls = 0
    places[place]!(client, () => {
      if (calls++ === 0) void client.disconnect()
    })
    provoke(client, place)
    const connected = client.connect()
    await next(client, 'closed')
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'disconnect' } })
    await Promise.allSettled([connected])
    expect((await stage.control({ live: 0 })).dials).toBe(1)

    await client.connect()
    const echoed = take(client, 'y')
    client.send('y')
    await echoed
    expect(client.errors).toEqual([])
  })

  test.for([...Object.keys(places), 'watch down'])('dispose() inside %s ends the client', async (place) => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    if (place === 'watch down') client.watch('down', () => void client.dispose())
    else places[place]!(client, () => void client.dispose())
    provoke(client, place)
    void client.connect()
    if (place === 'watch down') {
      await reach(client, 'open')
      await stage.control({ do: 'cut' })
    }
    await expect.poll(() => client.state.cause).toEqual({ reason: 'dispose' })
    expect(client.state.status).toBe('closed')
    await stage.control({ live: 0 })
    await expect(client.connect()).rejects.toMatchObject({ code: 'disposed' })
    expect(client.errors).toEqual([])
  })

  test('disconnect() inside watch down keeps it down', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    client.watch('down', () => void client.disconnect())
    const closed = next(client, 'closed')
    await stage.control({ do: 'cut' })
    expect(await closed).toEqual({ reason: 'disconnect' })
    expect(client.state.status).toBe('closed')
    expect((await stage.control({ live: 0 })).dials).toBe(1)
  })

  test('connect() inside watch closed opens again', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    client.watch('closed', () => void client.connect())
    await stage.control({ do: 'close', code: 4403 })
    await next(client, 'open')
    expect(await client.send('hello')).toEqual({ status: 'sent' })
    expect((await stage.control({ frames: 1 })).dials).toBe(2)
  })

  test('a listener that throws is reported, and nobody else notices', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const throwing = (): never => {
      throw new Error('listener')
    }
    for (const add of Object.values(places)) add(client, throwing)
    for (const kind of ['down', 'closed'] as const) client.watch(kind, throwing)
    const heard: unknown[] = []
    client.on('x', (data) => heard.push(data))
    await client.connect()
    for (let n = 0; n < 2; n++) {
      const echoed = take(client, 'y')
      provoke(client, 'on')
      client.sendRaw('not json')
      client.send('y')
      await echoed
    }
    expect(heard).toHaveLength(2)

    const opened = next(client, 'open')
    await stage.control({ do: 'cut' })
    await opened
    const closed = next(client, 'closed')
    await client.disconnect()
    await closed
    expect(client.state.status).toBe('closed')
    expect(new Set(client.errors.map(String))).toEqual(new Set(['Error: listener']))
    expect(client.errors.length).toBeGreaterThan(15)
  })

  test('sending inside listeners keeps the order, and loses and repeats nothing', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    let more = 20
    client.watch('settled', ({ name }) => {
      if (name === 'first' && more-- > 0) client.send('first')
    })
    client.watch('open', () => client.send('open'))
    client.on('first', () => void client.send('answer'))
    client.send('first')
    client.send('second')
    const answers = take(client, 'answer', 21)
    await client.connect()
    await answers
    const { frames } = await stage.control({ frames: 44 })
    const count = (name: string): number => frames.filter((frame) => frame === `{"type":"${name}"}`).length
    expect(frames.slice(0, 2)).toEqual(['{"type":"first"}', '{"type":"second"}'])
    expect([count('first'), count('second'), count('open'), count('answer')]).toEqual([21, 1, 1, 21])
  })

  test('handlers added and removed during an event do not disturb it', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const heard: string[] = []
    const off = client.on('x', () => {
      heard.push('first')
      off()
      client.on('x', () => heard.push('added'))
    })
    client.on('x', () => heard.push('last'))
    await client.connect()
    for (const expected of [
      ['first', 'last'],
      ['last', 'added'],
    ]) {
      heard.length = 0
      const echoed = take(client, 'x')
      client.send('x')
      await echoed
      expect(heard).toEqual(expected)
    }
  })
}
