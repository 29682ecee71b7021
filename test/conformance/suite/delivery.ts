import { expect, test } from 'vitest'
import { next, reach, setStage, take } from '../../support/stage.ts'
import type { Platform } from '../../support/stage.ts'

const frameOf = (name: string): string => JSON.stringify({ type: name })
const undelivered = (reason: string): unknown => ({ status: 'undelivered', reason })

export function deliveryTests(platform: Platform): void {
  test('what is sent before connect() is flushed in order, text and bytes and events', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute')
    client.send('one', { n: 1 })
    client.sendRaw('two')
    client.sendRaw(Uint8Array.of(3, 3, 3))
    client.send('four')
    expect(client.stats()).toMatchObject({ queuedMessages: 4, sentMessages: 0 })
    await client.connect()
    const { frames } = await stage.control({ frames: 4 })
    expect(frames).toEqual(['{"type":"one","n":1}', 'two', '030303', '{"type":"four"}'])
    expect(client.stats()).toMatchObject({ queuedMessages: 0, queuedBytes: 0, sentMessages: 4 })
  })

  test('every message has exactly one outcome, and the outcome is true', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute')
    const settled: string[] = []
    client.watch('settled', ({ name, outcome }) =>
      settled.push(`${name} ${outcome.status === 'undelivered' ? outcome.reason : outcome.status}`),
    )
    const controller = new AbortController()
    const deliveries = {
      volatile: client.send('volatile', {}, { volatile: true }),
      old: client.send('old', {}, { key: 'cursor' }),
      plain: client.send('plain', {}, { ttl: 600_000 }),
      taken: client.send('taken'),
      aborted: client.send('aborted', {}, { signal: controller.signal }),
      late: client.send('late', {}, { ttl: 20 }),
      new: client.send('new', {}, { key: 'cursor' }),
    }
    expect(deliveries.taken.cancel()).toBe(true)
    expect(deliveries.taken.cancel()).toBe(false)
    controller.abort()
    expect(await deliveries.late).toEqual(undelivered('expired'))
    expect(deliveries.plain.outcome).toBeUndefined()
    await client.connect()

    expect(await deliveries.plain).toEqual({ status: 'sent' })
    expect(await deliveries.volatile).toEqual(undelivered('volatile'))
    expect(await deliveries.old).toEqual(undelivered('replaced'))
    expect(await deliveries.taken).toEqual(undelivered('cancelled'))
    expect(await deliveries.aborted).toEqual(undelivered('cancelled'))
    expect(deliveries.plain.cancel()).toBe(false)
    await expect(deliveries.new.orThrow()).resolves.toEqual({ status: 'sent' })
    await expect(deliveries.late.orThrow()).rejects.toMatchObject({
      code: 'undelivered',
      outcome: undelivered('expired'),
    })
    expect(await client.send('now', {}, { volatile: true })).toEqual({ status: 'sent' })
    const { frames } = await stage.control({ frames: 3 })
    expect(frames).toEqual(['plain', 'new', 'now'].map(frameOf))
    expect(settled).toEqual([
      'volatile volatile',
      'old replaced',
      'taken cancelled',
      'aborted cancelled',
      'late expired',
      'plain sent',
      'new sent',
      'now sent',
    ])
  })

  test('disconnect() can throw the queue away, dispose() always does', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute')
    const first = client.send('first')
    await client.disconnect({ queue: 'discard' })
    expect(await first).toEqual(undelivered('closed'))
    const second = client.send('second')
    await client.disconnect()
    expect(second.outcome).toBeUndefined()
    await client.dispose()
    expect(await second).toEqual(undelivered('disposed'))
    expect((await stage.control({})).dials).toBe(0)
  })

  test('a queue that is full refuses the newest, or gives up the oldest', async () => {
    await using stage = await setStage(platform)
    const strict = stage.client('/mute', { outbox: { maxMessages: 2 } })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => strict.send(name))
    expect(c!.outcome).toEqual(undelivered('overflow'))
    const rolling = stage.client('/mute', { outbox: { maxMessages: 2, overflow: 'drop-oldest' } })
    const [d, e, f] = ['d', 'e', 'f'].map((name) => rolling.send(name))
    expect(d!.outcome).toEqual(undelivered('overflow'))
    await strict.connect()
    await stage.control({ frames: 2 })
    await rolling.connect()
    const { frames } = await stage.control({ frames: 4 })
    expect(frames).toEqual(['a', 'b', 'e', 'f'].map(frameOf))
    for (const delivery of [a, b, e, f]) expect(await delivery).toEqual({ status: 'sent' })
  })

  test('a key keeps the latest value only, at the end of the queue', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute')
    for (let n = 0; n < 100; n++) {
      client.send('cursor', { n }, { key: 'cursor' })
      if (n % 50 === 0) client.send(`chat ${n}`)
    }
    await client.connect()
    const { frames } = await stage.control({ frames: 3 })
    expect(frames).toEqual([frameOf('chat 0'), frameOf('chat 50'), '{"type":"cursor","n":99}'])
  })

  test('bytes arrive as bytes, from any view, and later changes to the buffer do not reach them', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const raw: unknown[] = []
    client.onRaw((data) => raw.push(data))
    const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5).buffer
    client.sendRaw(buffer)
    client.sendRaw(new Uint8Array(buffer, 1, 2))
    client.sendRaw(new DataView(buffer, 4))
    client.sendRaw(new Uint8Array())
    client.sendRaw('')
    client.sendRaw('text, not an event')
    client.send('end')
    new Uint8Array(buffer).fill(9)
    const done = take(client, 'end')
    await client.connect()
    await done
    expect(raw).toEqual([
      Uint8Array.of(0, 1, 2, 3, 4, 5),
      Uint8Array.of(1, 2),
      Uint8Array.of(4, 5),
      new Uint8Array(),
      '',
      'text, not an event',
    ])
    expect(raw.slice(0, 4).every((data) => data instanceof Uint8Array)).toBe(true)
  })

  test('messages of 1 MB travel both ways, as text and as bytes', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const text = 'é'.repeat(500_000)
    const echoed = take(client, 'big')
    expect(await client.send('big', { text })).toEqual({ status: 'sent' })
    expect(await echoed).toEqual([{ type: 'big', text }])

    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251)
    const back = new Promise((resolve) => client.onRaw(resolve))
    client.sendRaw(bytes)
    expect(await back).toEqual(bytes)
    expect(client.stats()).toMatchObject({ sentMessages: 2, receivedMessages: 2 })
    const head = '{"type":"big","text":""}'.length
    expect(client.stats().sentBytes, 'in UTF-8').toBe(head + 2 * text.length + bytes.length)
  })

  test('drained() resolves when nothing waits any more', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute', { outbox: { highWaterBytes: 262_144 } })
    const piece = new Uint8Array(65_536)
    for (let n = 0; n < 50; n++) client.sendRaw(piece)
    expect(client.stats().queuedBytes).toBe(50 * piece.byteLength)
    await client.drained({ below: 60 * piece.byteLength })
    await expect(client.drained({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
    const drained = client.drained()
    await client.connect()
    await drained
    expect(client.stats()).toMatchObject({ queuedBytes: 0, bufferedBytes: 0, sentMessages: 50 })
    await stage.control({ frames: 50 })
  })

  test('10,000 messages that waited arrive in order and once', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute')
    await client.connect()
    const down = next(client, 'down')
    await stage.control({ do: 'cut' })
    await down
    const deliveries = Array.from({ length: 10_000 }, (_, n) => client.send('n', { n }))
    await reach(client, 'open')
    for (const delivery of deliveries) expect((await delivery).status).toBe('sent')
    const { frames } = await stage.control({ frames: 10_000 })
    expect(frames).toEqual(deliveries.map((_, n) => `{"type":"n","n":${n}}`))
  })
}
