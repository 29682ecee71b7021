import { describe, expect, it, vi } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { setUp } from '../test/support/set-up.ts'
import { ping, plain } from './index.ts'
import type { ClientState } from './index.ts'

describe('state', () => {
  it('is the same object until it changes, and listeners hear only of changes', async () => {
    const { client, clock, network, open, signal } = setUp({
      wire: plain({
        heartbeat: ping({
          message: 'ping',
          isReply: (frame) => frame.data === 'pong',
          interval: 1_000,
          timeout: 500,
        }),
      }),
    })
    const states: ClientState[] = []
    const off = client.subscribe(() => states.push(client.state))
    const opens = vi.fn()
    client.watch('open', opens)
    await open()
    const opened = client.state
    await clock.advance(1_000)
    network.last.message('pong')
    expect(client.state).toBe(opened)
    expect(opens).toHaveBeenCalledOnce()
    network.last.end()
    expect(client.state).toMatchObject({
      status: 'waiting',
      attempt: 1,
      cause: { reason: 'lost', code: 1006 },
    })
    expect(client.state.retryAt).toBeGreaterThan(clock.wall())
    signal('wake')
    off()
    await clock.advance(5_000)
    expect(states.map((state) => state.status)).toEqual(['connecting', 'open', 'waiting'])
  })

  it('tells what ended a connection, and what is wrong while there is none', async () => {
    const { client, clock, network, open } = setUp()
    const heard: unknown[] = []
    client.watch('open', ({ attempt }) => heard.push(attempt))
    client.watch('down', (cause) => heard.push(cause))
    await open()
    network.last.end(1012, 'deploy')
    await clock.advance(8_000)
    expect(client.state).toMatchObject({ status: 'connecting', attempt: 2, cause: { reason: 'restart' } })
    network.last.end()
    expect(client.state).toMatchObject({ status: 'waiting', cause: { reason: 'unreachable' } })
    await clock.advance(2_000)
    network.last.open()
    expect(client.state).toMatchObject({ status: 'open', cause: undefined })
    void client.disconnect()
    expect(heard).toEqual([1, { reason: 'restart', code: 1012, text: 'deploy' }, 3, { reason: 'disconnect' }])
  })

  it('names being offline as the likely cause', async () => {
    const { client, network } = setUp({
      ports: { signals: { listen: () => () => {}, isOffline: () => true } },
    })
    void client.connect()
    await settleMicrotasks()
    network.last.end()
    expect(client.state.cause).toEqual({ reason: 'offline', code: 1006 })
  })
})
