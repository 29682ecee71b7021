import { describe, expect, it, vi } from 'vitest'
import { setUp } from '../../test/support/set-up.ts'
import { settleMicrotasks } from '@holdfast/testing'
import { events } from './events.ts'

describe('events()', () => {
  const say = (network: ReturnType<typeof setUp>['network'], ...values: number[]): void => {
    for (const n of values) network.last.message(JSON.stringify({ type: 'x', n }))
  }

  it('gives every event from the call on, in order, buffered or awaited', async () => {
    const { client, network, open } = setUp()
    await open()
    const values = events(client, 'x')
    say(network, 1, 2)
    expect((await values.next()).value).toMatchObject({ n: 1 })
    expect((await values.next()).value).toMatchObject({ n: 2 })
    const third = values.next()
    say(network, 3)
    expect((await third).value).toMatchObject({ n: 3 })
  })

  it('ends with the loop, and listens no longer', async () => {
    const { client, network, open } = setUp()
    await open()
    const values = events(client, 'x')
    say(network, 1, 2)
    for await (const value of values) {
      expect(value).toMatchObject({ n: 1 })
      break
    }
    say(network, 3)
    expect(client.stats().unhandled).toBe(1)
    expect(await values.next()).toEqual({ done: true, value: undefined })
  })

  it('ends when its signal is aborted, without what was not taken', async () => {
    const { client, network, open } = setUp()
    await open()
    const controller = new AbortController()
    const values = events(client, 'x', { signal: controller.signal })
    say(network, 1)
    controller.abort()
    expect(await values.next()).toEqual({ done: true, value: undefined })
    const waiting = events(client, 'x', { signal: AbortSignal.abort() })
    expect(await waiting.next()).toEqual({ done: true, value: undefined })
    say(network, 2)
    expect(client.stats().unhandled).toBe(1)
  })

  it('listens to its signal no longer than it lasts', async () => {
    const { client } = setUp()
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    const values = events(client, 'x', { signal })
    const next = values.next()
    await client.dispose()
    await next
    expect(remove).toHaveBeenCalled()
  })

  it('ends a loop that waits when its signal is aborted', async () => {
    const { client } = setUp()
    const controller = new AbortController()
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const value of events(client, 'x', { signal: controller.signal })) seen.push(value)
    })()
    await settleMicrotasks()
    controller.abort()
    await loop
    expect(seen).toEqual([])
  })

  it('throws when more events wait than the buffer holds, after the ones that it holds', async () => {
    const { client, network, open } = setUp()
    await open()
    const values = events(client, 'x', { buffer: 2 })
    say(network, 1, 2, 3, 4)
    expect((await values.next()).value).toMatchObject({ n: 1 })
    expect((await values.next()).value).toMatchObject({ n: 2 })
    await expect(values.next()).rejects.toMatchObject({ code: 'overflow' })
    expect(client.stats().unhandled).toBe(1)
    expect(await values.next()).toEqual({ done: true, value: undefined })
  })

  it('can be left before it was started, and while it waits', async () => {
    const { client, network, open } = setUp()
    await open()
    await events(client, 'x').return!()
    const waiting = events(client, 'x')
    const next = waiting.next()
    await waiting.return!()
    expect(await next).toEqual({ done: true, value: undefined })
    say(network, 1)
    expect(client.stats().unhandled).toBe(1)
  })

  it('is at its end from the start when the client is disposed already', async () => {
    const { client } = setUp()
    await client.dispose()
    expect(await events(client, 'x').next()).toEqual({ done: true, value: undefined })
  })

  it('gives out what it has when the client is disposed', async () => {
    const { client, network, open } = setUp()
    await open()
    const values = events(client, 'x')
    say(network, 1)
    await client.dispose()
    expect((await values.next()).value).toMatchObject({ n: 1 })
    expect((await values.next()).done).toBe(true)
  })
})
