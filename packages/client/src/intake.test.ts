import { describe, expect, it, vi } from 'vitest'
import { thrown } from '../test/support/failures.ts'
import { setUp } from '../test/support/set-up.ts'
import { plain } from './index.ts'

describe('events', () => {
  it('are routed by name to every handler, with the whole object', async () => {
    const { client, network, open } = setUp()
    const heard: unknown[] = []
    client.on('chat', (data) => heard.push(['first', data]))
    client.on('chat', (data) => heard.push(['second', data]))
    client.onAny((name, data) => heard.push([name, data]))
    await open()
    network.last.message('{"type":"chat","message":"hi"}')
    const data = { type: 'chat', message: 'hi' }
    expect(heard).toEqual([
      ['first', data],
      ['second', data],
      ['chat', data],
    ])
  })

  it('have any name at all', async () => {
    const { client, network, open } = setUp()
    const heard: string[] = []
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '*', '', 'open', 'state']
    for (const name of names) client.on(name, () => heard.push(name))
    client.watch('open', () => heard.push('lifecycle'))
    await open()
    heard.length = 0
    for (const type of names) network.last.message(JSON.stringify({ type }))
    expect(heard).toEqual(names)
  })

  it('reach a handler until it is removed, and only that', async () => {
    const { client, network, open } = setUp()
    const [kept, removed, once] = [vi.fn(), vi.fn(), vi.fn()]
    client.on('x', kept)
    const off = client.on('x', removed)
    client.on('x', removed)
    client.once('x', once)
    await open()
    off()
    off()
    network.last.message('{"type":"x"}')
    client.off('x', removed)
    client.off('x', () => {})
    network.last.message('{"type":"x"}')
    expect([kept, removed, once].map((handler) => handler.mock.calls.length)).toEqual([2, 1, 1])
    const gone = vi.fn()
    client.once('y', gone)
    client.off('y', gone)
    network.last.message('{"type":"y"}')
    expect(gone).not.toHaveBeenCalled()
  })

  it('go on to the other handlers when one throws, which is reported once', async () => {
    const { client, network, reported, open } = setUp()
    const heard = vi.fn()
    client.on('x', () => {
      throw new Error('mine')
    })
    client.on('x', heard)
    await open()
    network.last.message('{"type":"x"}')
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledTimes(2)
    expect(reported).toEqual([new Error('mine'), new Error('mine')])
  })

  it('go to the handlers that were there when they came', async () => {
    const { client, network, open } = setUp()
    const late = vi.fn()
    const off = client.on('x', () => {
      client.on('x', late)
      off()
    })
    await open()
    network.last.message('{"type":"x"}')
    expect(late).not.toHaveBeenCalled()
    network.last.message('{"type":"x"}')
    expect(late).toHaveBeenCalledOnce()
  })

  it('do not reach a handler that an earlier one has removed, or anybody after dispose()', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    client.on('x', () => off())
    const off: () => void = client.on('x', heard)
    client.on('y', () => void client.dispose())
    client.on('y', heard)
    await open()
    network.last.message('{"type":"x"}')
    network.last.message('{"type":"y"}')
    expect(heard).not.toHaveBeenCalled()
  })

  it('reach a handler that was added again, whatever becomes of its first registration', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    const first = client.on('x', heard)
    client.off('x', heard)
    client.on('x', heard)
    first()
    await open()
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })

  it('reach the other handlers when one removes itself', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    const off: () => void = client.on('x', () => off())
    client.on('x', heard)
    await open()
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })

  it('that nobody listens to, or nobody any more, are told to `unhandled` and counted', async () => {
    const { client, network, open } = setUp()
    const unhandled: unknown[] = []
    client.watch('unhandled', (message) => unhandled.push(message))
    client.on('x', () => {})()
    await open()
    network.last.message('{"type":"x"}')
    expect(unhandled).toEqual([{ name: 'x', data: { type: 'x' } }])
    expect(client.stats()).toMatchObject({
      unhandled: 1,
      invalid: 0,
      receivedMessages: 1,
      receivedBytes: 12,
    })
    client.onAny(() => {})
    network.last.message('{"type":"x"}')
    expect(client.stats().unhandled, 'onAny listens to all').toBe(1)
  })

  it('a handler must be a function', () => {
    expect(thrown(() => setUp().client.on('x', 'handler' as never)).code).toBe('misuse')
  })
})

describe('frames that are not events', () => {
  it('reach onRaw, as text or as bytes', async () => {
    const { client, network, open } = setUp()
    const heard: unknown[] = []
    client.onRaw((data) => heard.push(data))
    await open()
    const frames = ['hello', '[1]', '{"message":"no name"}', '{"type":7}', '{"type":']
    for (const frame of frames) network.last.message(frame)
    network.last.message(new Uint8Array([1, 2]).buffer)
    expect(heard).toEqual([...frames, new Uint8Array([1, 2])])
  })

  it('are told to `unhandled` when nobody takes them, and the connection stays', async () => {
    const { client, network, open } = setUp()
    const unhandled: unknown[] = []
    client.watch('unhandled', (message) => unhandled.push(message))
    await open()
    network.last.message('{"type":')
    expect(unhandled).toEqual([{ name: undefined, data: '{"type":' }])
    expect(client.stats()).toMatchObject({ unhandled: 1, invalid: 0 })
    expect(client.state.status).toBe('open')
  })

  it('reach onRaw as bytes, in whatever form a socket brings bytes', async () => {
    const { client, network, open } = setUp()
    const raw = vi.fn()
    client.onRaw(raw)
    await open()
    const bytes = new Uint8Array([0, 1, 2, 3])
    for (const data of [bytes.buffer, bytes, Buffer.from(bytes), new DataView(bytes.buffer, 1, 2)])
      network.last.onmessage?.({ data } as never)
    const parts = raw.mock.calls.map(([part]) => [...(part as Uint8Array)])
    expect(parts).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
      [1, 2],
    ])
  })

  it.each([new Blob(['x']), undefined, null, 5, {}, [new Uint8Array(1)]])(
    'are reported when a socket brings neither text nor bytes, and the connection stays: %o',
    async (data) => {
      const { client, network, open } = setUp()
      const [raw, invalid] = [vi.fn(), vi.fn()]
      client.onRaw(raw)
      client.watch('invalid', invalid)
      await open()
      network.last.onmessage?.({ data } as never)
      expect(invalid.mock.calls).toEqual([[{ reason: 'undecodable', data }]])
      expect(raw).not.toHaveBeenCalled()
      expect(client.state.status).toBe('open')
    },
  )

  it('are not even parsed when they are too large', async () => {
    const { client, network, open } = setUp({ wire: plain({ maxPayloadBytes: 20 }) })
    const [invalid, heard] = [vi.fn(), vi.fn()]
    client.watch('invalid', invalid)
    client.onAny(heard)
    await open()
    network.last.message('{"type":"x","y":"äöü"}')
    expect(invalid).toHaveBeenCalledWith({ reason: 'too-large', data: '{"type":"x","y":"äöü"}' })
    expect(heard).not.toHaveBeenCalled()
    expect(client.state.status).toBe('open')
  })
})
