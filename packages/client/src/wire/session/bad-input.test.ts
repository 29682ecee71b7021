import { settleMicrotasks } from '@holdfast/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { session } from '../../index.ts'
import { setUpSession, statuses } from '../../../test/support/set-up-session.ts'

describe('a platform without coders of text', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it('talks in text all the same, in every language', async () => {
    vi.stubGlobal('TextEncoder', undefined)
    vi.stubGlobal('TextDecoder', undefined)
    const { client, live, say, heard } = setUpSession()
    const any = vi.fn()
    client.onAny(any)
    await live()
    const sent = [client.send('größe', '👩‍👩‍👧'), client.sendRaw('你好')]
    await settleMicrotasks()
    await say([[1, 2, 'größe', '👩‍👩‍👧']])
    expect(statuses(sent)).toEqual(['delivered', 'delivered'])
    expect(heard().at(-3)).toEqual([1, 0, 'größe', '👩‍👩‍👧'])
    expect(any).toHaveBeenCalledWith('größe', '👩‍👩‍👧')
  })

  it('refuses to send bytes at the call, and nothing else suffers', async () => {
    vi.stubGlobal('TextEncoder', undefined)
    const { client, live, say, heard, reported } = setUpSession()
    client.handle('bytes', () => new Uint8Array(1) as never)
    await live()
    const bytes = new Uint8Array([1, 2])
    for (const call of [
      () => client.sendRaw(bytes),
      () => client.send('x', bytes),
      () => client.request('x', bytes),
    ])
      expect(call).toThrow(
        expect.objectContaining({ code: 'misuse', message: expect.stringContaining('TextEncoder') }),
      )
    const text = client.send('x', 1)
    await settleMicrotasks()
    await say([1, 1, 'bytes', null, { id: 1 }])
    expect(statuses([text])).toEqual(['delivered'])
    expect(heard().at(-1)).toEqual([2, 1, null, null, expect.objectContaining({ re: 1, error: 'internal' })])
    expect(reported).toEqual([expect.objectContaining({ code: 'misuse' })])
    expect(client.state.status).toBe('open')
  })

  it('says what it needs when bytes come in, and has the server give up a message that it cannot read', async () => {
    vi.stubGlobal('TextDecoder', undefined)
    const { client, live, network } = setUpSession()
    await live()
    network.last.message(new Uint8Array([0, 2, 91, 93]).buffer)
    expect(network.last.closes).toEqual([[4422]])
    const error = expect.objectContaining({ code: 'misuse', message: expect.stringContaining('TextDecoder') })
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'unreadable', error } })
  })

  it.each([new Blob(['x']), undefined, 5])(
    'says so too of a socket that brings neither text nor bytes: %o',
    async (data) => {
      const { client, live, network } = setUpSession()
      await live()
      network.last.onmessage?.({ data } as never)
      expect(network.last.closes).toEqual([[4422]])
      const error = expect.objectContaining({ code: 'misuse' })
      expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'unreadable', error } })
    },
  )
})

describe('bad input', () => {
  it.each([
    ['not JSON', '{', 4400],
    ['no array', '{"type":"x"}', 4400],
    ['an empty array', '[]', 4400],
    ['a frame with a number for a name', '[1,0,5]', 4400],
    ['a fraction', '[1.5,0,"x"]', 4400],
    ['a number that is too large', '[9007199254740992,0,"x"]', 4400],
    ['a gap', '[2,0,"x"]', 4425],
    ['an unknown control', '["what",1]', 4400],
    ['a greeting of a client', '["hi",{}]', 4400],
    ['a second ok', '["ok",{}]', 4400],
    ['a volatile request', '[0,0,"x",1,{"id":1}]', 4400],
    ['a frame of no kind', '[1,0,null,1,{"what":1}]', 4400],
    ['raw data that is none', '[1,0,null,{},{"raw":true}]', 4400],
    ['bytes without a header', new Uint8Array([9]).buffer, 4400],
    ['a header that is cut off', new Uint8Array([0, 9, 91]).buffer, 4400],
    [
      'a header behind a byte order mark',
      new Uint8Array([0, 12, 0xef, 0xbb, 0xbf, ...new TextEncoder().encode('[1,0,"x"]')]).buffer,
      4400,
    ],
    ['deep data', `[1,0,"x",${'['.repeat(100)}${']'.repeat(100)}]`, 4422],
  ])('%s closes the connection, and nothing is delivered', async (_, message, code) => {
    const { client, live, network, clock } = setUpSession()
    const any = vi.fn()
    client.onAny(any)
    await live()
    network.last.message(message)
    expect(network.last.closes).toEqual([[code]])
    expect(any).not.toHaveBeenCalled()
    expect(client.state.status).toBe('waiting')
    await client.dispose()
    expect(clock.pending).toBe(0)
  })

  it('a message over the limit closes with 4413, as pages cannot close with 1009', async () => {
    const { live, network } = setUpSession({ wire: session({ maxPayloadBytes: 1_024 }) })
    await live()
    network.last.message(`[1,0,"x","${'x'.repeat(2_000)}"]`)
    expect(network.last.closes).toEqual([[4413]])
  })

  it('options that make no sense are refused', () => {
    expect(() => session({ maxPayloadBytes: 3 })).toThrow(/maxPayloadBytes/)
    for (const window of [
      [0, 1],
      [1, 0],
      [1.5, 1],
      [NaN, 1],
    ] as const)
      expect(() => session({ window })).toThrow(/window/)
  })
})
