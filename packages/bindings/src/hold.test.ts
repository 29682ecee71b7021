import { createClient } from 'holdfast'
import type { Client } from 'holdfast'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hold } from './hold.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function countedClient(): { readonly client: Client; readonly calls: string[] } {
  const calls: string[] = []
  const count = (name: string): Promise<void> => {
    calls.push(name)
    return Promise.resolve()
  }
  const client = createClient({ url: 'ws://localhost' })
  return {
    client: { ...client, connect: () => count('connect'), disconnect: () => count('disconnect') },
    calls,
  }
}

describe('holding a connection', () => {
  it('connects at once, and disconnects a second after it was let go of', () => {
    const { client, calls } = countedClient()
    const release = hold(client)
    expect(calls).toEqual(['connect'])
    vi.advanceTimersByTime(60_000)
    release()
    vi.advanceTimersByTime(999)
    expect(calls).toEqual(['connect'])
    vi.advanceTimersByTime(1)
    expect(calls).toEqual(['connect', 'disconnect'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('goes on if it is held again within that second', () => {
    const { client, calls } = countedClient()
    hold(client)()
    vi.advanceTimersByTime(999)
    const release = hold(client)
    vi.advanceTimersByTime(60_000)
    expect(calls).toEqual(['connect', 'connect'])
    release()
    vi.advanceTimersByTime(1_000)
    expect(calls).toEqual(['connect', 'connect', 'disconnect'])
  })

  it('ends with the last of many', () => {
    const { client, calls } = countedClient()
    const [first, second] = [hold(client), hold(client)]
    first()
    vi.advanceTimersByTime(60_000)
    expect(calls).not.toContain('disconnect')
    second()
    vi.advanceTimersByTime(60_000)
    expect(calls).toEqual(['connect', 'connect', 'disconnect'])
  })

  it('does not mix up clients', () => {
    const [one, other] = [countedClient(), countedClient()]
    const release = hold(one.client)
    hold(other.client)
    release()
    vi.advanceTimersByTime(60_000)
    expect(one.calls).toEqual(['connect', 'disconnect'])
    expect(other.calls).toEqual(['connect'])
  })

  it('holds nothing if connecting is impossible', () => {
    const { client, calls } = countedClient()
    const impossible = vi.spyOn(client, 'connect').mockImplementation(() => {
      throw new Error('no WebSocket')
    })
    expect(() => hold(client)).toThrow('no WebSocket')
    impossible.mockRestore()
    hold(client)()
    vi.advanceTimersByTime(60_000)
    expect(calls).toEqual(['connect', 'disconnect'])
  })
})
