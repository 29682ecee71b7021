import type { ClientState } from 'holdfast'
import { events } from 'holdfast'
import { expect, test } from 'vitest'
import { next, reach, setStage, take } from '../../support/stage.ts'
import type { Platform } from '../../support/stage.ts'

const names = Array.from({ length: 50 }, (_, index) => `message ${index}`)
const frameOf = (name: string): string => JSON.stringify({ type: name })

export function connectionTests(platform: Platform): void {
  test('creating a client dials nobody, connect() does, and the states follow each other', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const seen: string[] = []
    client.subscribe(() => seen.push(client.state.status))

    expect((await stage.control({})).dials).toBe(0)
    expect(client.state).toEqual({ status: 'idle', attempt: 0, retryAt: undefined, cause: undefined })
    await client.connect()
    expect(client.state).toEqual({ status: 'open', attempt: 1, retryAt: undefined, cause: undefined })
    await client.connect()
    await client.disconnect()
    expect(seen).toEqual(['connecting', 'open', 'closing', 'closed'])
    expect(await stage.control({ live: 0 })).toMatchObject({ dials: 1, codes: [1000] })
  })

  test('a cut heals by itself, and what was sent meanwhile arrives in order and once', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const opened: number[] = []
    client.watch('open', ({ attempt }) => opened.push(attempt))
    await client.connect()

    const down = next(client, 'down')
    await stage.control({ do: 'cut' })
    expect(await down).toMatchObject({ reason: 'lost', code: 1006 })

    const outcomes = await Promise.all(names.map((name) => client.send(name)))
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['sent']))
    const { frames, dials } = await stage.control({ frames: names.length })
    expect(frames).toEqual(names.map(frameOf))
    expect(dials).toBe(2)
    expect(opened).toEqual([1, 2])
  })

  test('a refused dial is retried until the server lets it in', async () => {
    await using stage = await setStage(platform)
    await stage.control({ do: 'script', script: '/refuse?status=503' })
    const client = stage.client('/echo')
    const connected = client.connect()
    const waiting = await reach(client, 'waiting')
    expect(waiting.cause).toMatchObject({ reason: 'unreachable', code: 1006 })
    await stage.control({ dials: 2, do: 'script', script: '' })
    await connected
    expect(client.state.attempt).toBeGreaterThan(2)
    client.send('hello')
    expect((await stage.control({ frames: 1 })).frames).toEqual([frameOf('hello')])
  })

  test('a server that never answers the upgrade is given up, before the next dial begins', async () => {
    await using stage = await setStage(platform)
    await stage.control({ do: 'script', script: '/never' })
    const client = stage.client('/echo', { attemptTimeout: 250 })
    const connected = client.connect()
    expect((await reach(client, 'waiting')).cause).toMatchObject({ reason: 'timeout' })
    const held = platform.holdsGivenUpDials ? 2 : 0
    if (!held) await stage.control({ live: 0 })
    await reach(client, 'connecting')
    await stage.control({ dials: 2, do: 'script', script: '' })
    await connected
    expect(await stage.control({})).toMatchObject({ dials: 3, most: held + 1, live: held + 1 })
    await client.dispose()
    await stage.ridOfDials()
  })

  test.for([
    { code: 1000, reason: 'normal' },
    { code: 1001, reason: 'going-away' },
    { code: 1005, reason: 'no-status' },
    { code: 1006, reason: 'lost' },
    { code: 1012, reason: 'restart' },
    { code: 3000, reason: 'unauthorized' },
    { code: 4100, reason: 'closed', text: 'see you — später' },
    { code: 4429, reason: 'rate-limited', text: 'slow down' },
  ])('a close with $code is reported as it was', async ({ code, reason, text }) => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    // The state at that moment: on a machine that is busy, the client may be back before the test goes on.
    const down = next(client, 'down')
    let then: ClientState | undefined
    client.watch('down', () => (then = client.state))
    await stage.control({ do: 'close', ...(code !== 1005 && { code }), ...(text && { text }) })
    const cause = platform.unknownCodes?.includes(code) ? { code: 1006, reason: 'lost' } : { code, reason }
    expect(await down).toEqual(expect.objectContaining({ ...cause, ...(text && { text }) }))
    expect(then).toMatchObject({ status: 'waiting', cause })
  })

  test('a fatal close ends in closed, until connect() is called again', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const closed = next(client, 'closed')
    await stage.control({ do: 'close', code: 4403, text: 'no' })
    expect(await closed).toMatchObject({ reason: 'forbidden', code: 4403, text: 'no' })
    expect(client.state.status).toBe('closed')
    expect(await client.send('lost')).toEqual({ status: 'undelivered', reason: 'closed' })

    await client.connect()
    expect(await client.send('hello')).toEqual({ status: 'sent' })
    expect((await stage.control({ frames: 1 })).frames).toEqual([frameOf('hello')])
  })

  test('connect() rejects when all the attempts that are allowed have failed', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/refuse', { backoff: { baseDelay: 10, maxAttempts: 2 } })
    await expect(client.connect()).rejects.toMatchObject({
      code: 'connect-failed',
      cause: { reason: 'unreachable' },
    })
    expect(client.state.status).toBe('closed')
    expect((await stage.control({})).dials).toBe(2)
  })

  test('disconnect() closes cleanly, keeps handlers and queue, and stays closed until connect()', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const heard: unknown[] = []
    client.on('kept', (data) => heard.push(data))
    await client.connect()
    const down = next(client, 'down')
    const gone = client.disconnect()
    expect(client.state.status).toBe('closing')
    await gone
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'disconnect' } })
    expect(await down).toEqual({ reason: 'disconnect' })

    client.send('kept', { n: 1 })
    expect(client.stats().queuedMessages).toBe(1)
    expect((await stage.control({ live: 0 })).dials).toBe(1)
    const echoed = take(client, 'kept')
    await client.connect()
    await echoed
    expect(heard).toEqual([{ type: 'kept', n: 1 }])
  })

  test('disconnect() while connecting rejects whoever waits for the connection', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/never')
    const connected = client.connect()
    await stage.control({ dials: 1 })
    await client.disconnect()
    await expect(connected).rejects.toMatchObject({ code: 'disconnected' })
    expect((await stage.ridOfDials()).dials).toBe(1)
  })

  test('connect() right after disconnect() opens a new connection', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await client.connect()
    const gone = client.disconnect()
    const back = client.connect()
    await Promise.all([gone, back])
    expect(client.state.status).toBe('open')
    expect(await client.send('hello')).toEqual({ status: 'sent' })
    expect((await stage.control({ frames: 1, live: 1 })).dials).toBe(2)
  })

  test('reconnect() replaces the connection at once', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo', { backoff: () => 60_000 })
    await client.connect()
    const down = next(client, 'down')
    await client.reconnect()
    expect(await down).toEqual({ reason: 'reconnect' })
    expect(await stage.control({ dials: 2, live: 1 })).toMatchObject({ codes: [1000] })

    await stage.control({ do: 'cut' })
    await reach(client, 'waiting')
    await client.reconnect()
    expect(client.state.status).toBe('open')
  })

  test('dispose() settles everything, and leaves nothing behind', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/mute')
    await client.connect()
    const heard: unknown[] = []
    const loop = (async () => {
      for await (const event of events(client, 'x')) heard.push(event)
    })()
    client.on('x', (data) => heard.push(data))
    const closed = next(client, 'closed')
    await client.dispose()
    await loop
    expect(await closed).toMatchObject({ reason: 'dispose' })
    expect((await stage.control({ live: 0 })).codes).toEqual([1000])

    expect(await client.send('x')).toEqual({ status: 'undelivered', reason: 'disposed' })
    await expect(client.connect()).rejects.toMatchObject({ code: 'disposed' })
    await expect(client.reconnect()).rejects.toMatchObject({ code: 'disposed' })
    await expect(client.drained()).rejects.toMatchObject({ code: 'disposed' })
    await client.disconnect()
    await client.dispose()
    expect(client.state.status).toBe('closed')
    expect(heard).toEqual([])
    expect((await stage.control({})).dials).toBe(1)
  })

  test('dispose() before the connection is open gives up the dial', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/never')
    const connected = client.connect()
    const delivery = client.send('x')
    await stage.control({ dials: 1 })
    await client.dispose()
    await expect(connected).rejects.toMatchObject({ code: 'disposed' })
    expect(await delivery).toEqual({ status: 'undelivered', reason: 'disposed' })
    await stage.ridOfDials()
  })

  test('url and token are asked for every attempt, and one that fails is retried', async () => {
    await using stage = await setStage(platform)
    const asked: unknown[] = []
    const client = stage.client('/echo', {
      token: ({ reason }) => {
        asked.push(reason)
        if (asked.length === 1) throw new Error('no token yet')
        return Promise.resolve(`token ${asked.length}`)
      },
      url: ({ attempt, token }) => {
        asked.push([attempt, token])
        return Promise.resolve(new URL(stage.url('/echo')))
      },
      protocols: ['chat.v2', 'chat.v1'],
    })
    const causes: unknown[] = []
    client.subscribe(() => client.state.status === 'waiting' && causes.push(client.state.cause?.reason))
    await client.connect()
    expect(causes).toEqual(['token'])
    await stage.control({ do: 'cut' })
    await next(client, 'open')
    expect(asked).toEqual(['connect', 'connect', [2, 'token 2'], 'reconnect', [3, 'token 4']])
    expect((await stage.control({})).protocols).toMatch(/^chat\.v2, ?chat\.v1$/)
  })

  test('aborting the signal of connect() ends the waiting, not the connecting', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    await stage.control({ do: 'script', script: '/refuse' })
    const controller = new AbortController()
    const connected = client.connect({ signal: controller.signal })
    await reach(client, 'waiting')
    controller.abort('enough')
    await expect(connected).rejects.toMatchObject({ code: 'aborted', cause: 'enough' })
    await stage.control({ do: 'script', script: '' })
    await reach(client, 'open')

    const other = stage.client('/echo')
    await expect(other.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
    expect(other.state.status).toBe('idle')
  })
}
