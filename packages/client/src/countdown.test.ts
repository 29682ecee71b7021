import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { countdown } from './index.ts'

/** A client that waits 3 s for its next attempt, with what a listener of its countdown has read. */
async function setUpWaiting(delay = 3_000) {
  const given = setUp({ backoff: () => delay })
  await given.open()
  const read: (number | undefined)[] = []
  const stop = countdown(given.client).subscribe(() => read.push(countdown(given.client).state))
  given.network.last.end(1006)
  await settleMicrotasks()
  return { ...given, read, stop }
}

describe('the countdown to the next attempt', () => {
  it('changes once a second while the client waits, and never otherwise', async () => {
    const { clock, read, client } = await setUpWaiting()
    for (let ms = 0; ms < 2_990; ms += 10) await clock.advance(10)
    expect(read).toEqual([3, 2, 1])
    await clock.advance(1_000)
    expect(client.state.status).toBe('connecting')
    expect(read).toEqual([3, 2, 1, undefined])
  })

  it('is rounded up, and is 1 until the attempt', async () => {
    const { clock, client } = await setUpWaiting(2_500)
    expect(countdown(client).state).toBe(3)
    await clock.advance(500)
    expect(countdown(client).state).toBe(2)
    await clock.advance(1_999)
    expect(countdown(client).state).toBe(1)
  })

  it('is undefined before a connection, while there is one, and when an attempt starts early', async () => {
    const { client, open, network, clock } = setUp({ backoff: () => 3_000 })
    const read: (number | undefined)[] = []
    countdown(client).subscribe(() => read.push(countdown(client).state))
    expect(countdown(client).state).toBeUndefined()
    await open()
    expect(countdown(client).state).toBeUndefined()
    network.last.end(1006)
    await clock.advance(1_500)
    void client.reconnect()
    await settleMicrotasks()
    expect(read).toEqual([3, 2, undefined])
  })

  it('leaves no timer behind', async () => {
    const { clock, client, stop, read } = await setUpWaiting()
    const { length } = read
    stop()
    await clock.advance(2_500)
    expect(read).toHaveLength(length)
    await client.dispose()
    expect(clock.pending).toBe(0)
  })

  it('is one store for each client', () => {
    const { client } = setUp()
    expect(countdown(client)).toBe(countdown(client))
  })
})
