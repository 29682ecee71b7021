import { correlated, ping, plain } from 'holdfast'
import { expect, test } from 'vitest'
import { next, reach, setStage, take } from '../../support/stage.ts'
import type { Platform } from '../../support/stage.ts'

const greeting = {
  greet: ({ token }: { readonly token: string | undefined }) => JSON.stringify({ type: 'hello', token }),
  greeted: ({ type }: { readonly type?: unknown }) => type === 'welcome',
}

export function wireTests(platform: Platform): void {
  test('the envelope shape keeps any data whole', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo', { wire: plain({ shape: 'envelope' }) })
    await client.connect()
    const values = [1, 'text', [1, { type: 'x' }], null, { type: 'y', id: 1 }]
    const echoed = take(client, 'value', values.length)
    for (const value of values) client.send('value', value)
    expect(await echoed).toEqual(values)
    expect((await stage.control({ frames: 1 })).frames[0]).toBe('{"type":"value","data":1}')
  })

  test('a wire of the own makes', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo', {
      wire: plain({
        encode: (name, data) => new TextEncoder().encode(`${name}\n${String(data)}`),
        decode: (frame) => {
          if (typeof frame === 'string') return undefined
          const [type, data] = new TextDecoder().decode(frame).split('\n')
          return { type, data }
        },
      }),
    })
    await client.connect()
    const echoed = take(client, 'x')
    client.send('x', 42)
    expect(await echoed).toEqual(['42'])
  })

  test('the queue waits until the server has accepted the greeting', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/greet?token=good', { token: () => 'good', wire: plain(greeting) })
    const seen: unknown[] = []
    client.on('welcome', () => seen.push(client.state.status))
    client.send('queued')
    await client.connect()
    await stage.control({ frames: 2 })
    await stage.control({ do: 'cut' })
    await next(client, 'open')
    client.send('again')
    const { frames } = await stage.control({ frames: 4 })
    const hello = '{"type":"hello","token":"good"}'
    expect(frames).toEqual([hello, '{"type":"queued"}', hello, '{"type":"again"}'])
    expect(seen).toEqual(['open', 'open'])
  })

  test('a server that never accepts the greeting is given up after the time of an attempt', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute', { attemptTimeout: 200, wire: plain(greeting) })
    const delivery = client.send('queued')
    void client.connect()
    expect((await reach(client, 'waiting')).cause).toEqual({ reason: 'timeout' })
    await stage.control({ dials: 2 })
    expect(delivery.outcome).toBeUndefined()
    // The server may be notified of the end of the first after the beginning of the second.
    expect((await stage.control({})).most).toBeLessThanOrEqual(2)
  })

  test('a refused token is refreshed once, and a second refusal is the end', async () => {
    await using stage = await setStage(platform)
    const reasons: string[] = []
    const token = ({ reason }: { readonly reason: string }): string => {
      reasons.push(reason)
      return reason === 'unauthorized' ? 'good' : 'stale'
    }
    const client = stage.client('/greet?token=good', { token, wire: plain(greeting) })
    await client.connect()
    expect(reasons).toEqual(['connect', 'unauthorized'])

    const hopeless = stage.client('/greet?token=other', { token, wire: plain(greeting) })
    await expect(hopeless.connect()).rejects.toMatchObject({
      code: 'connect-failed',
      cause: { reason: 'unauthorized', code: 4401 },
    })
    expect(reasons).toEqual(['connect', 'unauthorized', 'connect', 'unauthorized'])
    expect((await stage.control({ live: 1 })).dials).toBe(4)
  })

  test('a greeting that the client itself refuses counts like a refusal', async () => {
    await using stage = await setStage(platform)
    const wire = plain({
      greet: () => '{"type":"no"}',
      greeted: ({ type }) => {
        throw new Error(`got ${String(type)}`)
      },
    })
    const client = stage.client('/echo', { wire })
    const error = await client.connect().then(undefined, (thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'connect-failed', cause: { reason: 'refused' } })
    expect((await stage.control({ live: 0 })).dials).toBe(2)
  })

  test('a heartbeat measures the round-trip time, and its replies reach no handler', async () => {
    await using stage = await setStage(platform)
    const heartbeat = ping({
      message: '{"type":"ping"}',
      isReply: ({ type }: { readonly type?: unknown }) => type === 'ping',
      interval: 30,
      timeout: 30_000,
    })
    const client = stage.client('/echo', { wire: plain({ heartbeat }) })
    const heard: string[] = []
    client.onAny((name) => heard.push(name))
    await client.connect()
    expect(client.stats().rtt).toBeUndefined()
    await stage.control({ frames: 3 })
    await expect.poll(() => client.stats().rtt).toBeGreaterThan(0)
    expect(client.stats().rtt).toBeLessThan(30_000)
    expect(heard).toEqual([])
    expect(client.stats()).toMatchObject({ opens: 1, sentMessages: 0 })
  })

  test('a server that answers no heartbeat is left, and dialed again', async () => {
    await using stage = await setStage(platform)
    const heartbeat = ping({ message: 'ping', isReply: () => false, interval: 100, timeout: 100 })
    const client = stage.client('/mute', { wire: plain({ heartbeat }) })
    await client.connect()
    expect(await next(client, 'down')).toEqual({ reason: 'silent' })
    await next(client, 'open')
    expect((await stage.control({ live: 1 })).dials).toBe(2)
  })

  test('a request gets its own answer, whatever the order', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo', { wire: plain({ requests: correlated() }) })
    const heard: unknown[] = []
    client.onAny((name) => heard.push(name))
    const early = client.request('sum', { n: 0 })
    await client.connect()
    const answers = await Promise.all([early, ...[1, 2, 3].map((n) => client.request('sum', { n }))])
    expect(answers).toMatchObject([0, 1, 2, 3].map((n) => ({ type: 'sum', n })))
    expect(heard).toEqual([])
  })

  test('a request rejects with what the server says, or when it says nothing', async () => {
    await using stage = await setStage(platform)
    const wire = plain({ requests: correlated(), shape: 'flat' })
    const client = stage.client('/echo', { wire })
    const mute = stage.client('/mute', { wire })
    await Promise.all([client.connect(), mute.connect()])
    await expect(client.request('sum', { error: { code: 7 } })).rejects.toMatchObject({
      code: 'remote',
      data: { code: 7 },
      outcome: { status: 'sent' },
    })
    await expect(mute.request('sum', {}, { timeout: 30 })).rejects.toMatchObject({
      code: 'timeout',
      outcome: { status: 'sent' },
    })
    const controller = new AbortController()
    const aborted = mute.request('sum', {}, { signal: controller.signal })
    controller.abort('enough')
    await expect(aborted).rejects.toMatchObject({ code: 'aborted', cause: 'enough' })
    await expect(mute.request('sum', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })

  test('a request whose answer is lost with the connection is unknown, and is not sent again', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute', { wire: plain({ requests: correlated() }) })
    await client.connect()
    const answer = client.request('sum', { n: 1 })
    const rejected = expect(answer).rejects.toMatchObject({ code: 'unknown', outcome: { status: 'sent' } })
    await stage.control({ frames: 1, do: 'cut' })
    await rejected
    await reach(client, 'open')
    client.send('after')
    expect((await stage.control({ frames: 2 })).frames).toEqual([
      '{"type":"sum","id":"1","n":1}',
      '{"type":"after"}',
    ])
  })

  test('a request that waits in the queue survives a cut, and tells when it did not leave', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo', { wire: plain({ requests: correlated() }), backoff: () => 100 })
    await client.connect()
    await stage.control({ do: 'cut' })
    await reach(client, 'waiting')
    const patient = client.request('sum', { n: 1 })
    await expect(client.request('sum', { n: 2 }, { timeout: 20 })).rejects.toMatchObject({
      code: 'timeout',
      outcome: { status: 'undelivered', reason: 'cancelled' },
    })
    expect(await patient).toMatchObject({ n: 1 })
    expect((await stage.control({})).frames).toHaveLength(1)
    await client.disconnect()
    const discarded = client.request('sum')
    const rejected = expect(discarded).rejects.toMatchObject({ code: 'undelivered' })
    await client.disconnect({ queue: 'discard' })
    await rejected
  })
}
