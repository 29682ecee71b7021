import { describe, expect, it, vi } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { codeOf } from '../../test/support/failures.ts'
import { setUp } from '../../test/support/set-up.ts'
import { createClient, plain } from '../index.ts'

describe('url and token', () => {
  it('are asked for before every attempt, the token first', async () => {
    const token = vi.fn(({ reason }: { reason: string }) => Promise.resolve(`for ${reason}`))
    const url = vi.fn(
      ({ attempt, token: given }) => `ws://test/${attempt}?token=${encodeURIComponent(given)}`,
    )
    const { network, clock, open } = setUp({ url, token })
    await open()
    expect(network.last.url).toBe('ws://test/1?token=for%20connect')
    network.last.end()
    await clock.advance(2_000)
    expect(network.last.url).toBe('ws://test/2?token=for%20reconnect')
    network.last.open()
    network.last.end(4401)
    await clock.advance(3_500)
    expect(network.last.url).toBe('ws://test/3?token=for%20unauthorized')
    network.last.open()
    network.last.end(4401)
    expect(token).toHaveBeenCalledTimes(3)
  })

  it('that fail are asked again', async () => {
    const token = vi.fn().mockRejectedValueOnce(new Error('down')).mockResolvedValue('t')
    const url = vi.fn().mockImplementationOnce(() => {
      throw new Error('not yet')
    })
    url.mockReturnValue('ws://test')
    const { client, network, clock } = setUp({ token, url })
    void client.connect()
    await settleMicrotasks()
    expect(client.state).toMatchObject({
      status: 'waiting',
      cause: { reason: 'token', error: new Error('down') },
    })
    await clock.advance(600)
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'url' } })
    await clock.advance(3_000)
    expect(network.sockets).toHaveLength(1)
  })

  it('a token is asked for again whatever the failure was, an error of another client included', async () => {
    const other = createClient({ url: 'ws://other' })
    await other.dispose()
    const { client } = setUp({ token: () => other.connect().then(() => 'token') })
    void client.connect()
    await settleMicrotasks()
    expect(client.state).toMatchObject({
      status: 'waiting',
      cause: { reason: 'token', error: { code: 'disposed' } },
    })
  })

  it('a URL that can never work is fatal', async () => {
    const { client } = setUp({ url: () => 'nonsense:' })
    expect(await codeOf(client.connect())).toBe('connect-failed')
    expect(client.state.cause).toMatchObject({ reason: 'url', error: { code: 'misuse' } })
  })

  it('a token is asked for once, however many triggers there are', async () => {
    const token = vi.fn(() => new Promise<string>(() => {}))
    const { client, signal } = setUp({ token })
    for (let round = 0; round < 10; round++) {
      void client.connect()
      void client.reconnect()
      signal('change')
    }
    await settleMicrotasks()
    expect(token).toHaveBeenCalledTimes(1)
  })

  describe('a token that takes its time', () => {
    const setUpSlowly = () => {
      const answers: ((token: string) => void)[] = []
      const token = (): Promise<string> => new Promise((resolve) => answers.push(resolve))
      const wire = plain({ greet: ({ token: given }) => `token ${given}` })
      return { answers, ...setUp({ token, wire }) }
    }

    it('is waited for by the next attempt, and not asked for again', async () => {
      const { answers, client, network, clock } = setUpSlowly()
      void client.connect()
      await clock.advance(12_000)
      expect(client.state).toMatchObject({ status: 'connecting', attempt: 2 })
      answers[0]!('slow')
      await settleMicrotasks()
      network.last.open()
      expect([answers.length, network.last.sent]).toEqual([1, ['token slow']])
      network.last.end()
      await clock.advance(5_000)
      expect(answers).toHaveLength(2)
    })

    it('is asked for again after a minute, and not used if it comes after all', async () => {
      const { answers, client, network, clock } = setUpSlowly()
      void client.connect()
      await clock.advance(100_000)
      expect(answers).toHaveLength(2)
      answers[1]!('new')
      await settleMicrotasks()
      answers[0]!('old')
      await settleMicrotasks()
      network.last.open()
      expect(network.last.sent).toEqual(['token new'])
    })
  })

  it('subprotocols may be asked for before every attempt, after the token and the URL', async () => {
    const asked: string[] = []
    const { network, clock, client } = setUp({
      token: () => (asked.push('token'), 'secret'),
      url: () => (asked.push('url'), 'ws://test'),
      protocols({ attempt, token }) {
        asked.push('protocols')
        if (attempt === 1) return Promise.reject(new Error('not yet'))
        return Promise.resolve(attempt === 2 ? `v${attempt}.${token}` : ['a', 'b'])
      },
    })
    void client.connect()
    await settleMicrotasks()
    expect(asked).toEqual(['token', 'url', 'protocols'])
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'protocols' } })
    await clock.advance(5_000)
    expect(network.last.protocols).toEqual(['v2.secret'])
    network.last.end()
    await clock.advance(5_000)
    expect(network.last.protocols).toEqual(['a', 'b'])
  })

  it('subprotocols that are none are fatal', async () => {
    const { client } = setUp({ protocols: () => undefined as never })
    expect(await codeOf(client.connect())).toBe('connect-failed')
    expect(client.state).toMatchObject({ status: 'closed', cause: { reason: 'protocols' } })
  })

  it('the subprotocol that the server chose shows in the state while it is open', async () => {
    const { client, network } = setUp({ protocols: ['a', 'b'] })
    void client.connect()
    await settleMicrotasks()
    expect(client.state.protocol).toBeUndefined()
    network.last.opened('b')
    expect(client.state.protocol).toBe('b')
    network.last.end()
    expect(client.state.protocol).toBeUndefined()
  })

  it('subprotocols are offered', async () => {
    const { network, open } = setUp({ protocols: ['a', 'b'] })
    await open()
    expect(network.last.protocols).toEqual(['a', 'b'])
  })
})
