import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { setUpSession } from '../test/support/set-up-session.ts'
import type { Client, Pending, PendingMessage } from './index.ts'
import { pending } from './index.ts'

const shown = ({ state }: Pending): string[] => state.map(({ name, status }) => `${name} ${status}`)

/** What a listener reads, in order. */
function heard(client: Client): string[][] {
  const lists: string[][] = []
  pending(client).subscribe(() => lists.push(shown(pending(client))))
  return lists
}

describe('the pending messages of a client', () => {
  it('are those in the queue, sent before or after the first call, until they are written', async () => {
    const { client, open } = setUp()
    const first = client.send('a')
    expect(shown(pending(client))).toEqual(['a queued'])
    client.sendRaw('b')
    expect(shown(pending(client))).toEqual(['a queued', 'undefined queued'])
    expect(pending(client).state[0]).toMatchObject({ delivery: first, bytes: '{"type":"a"}'.length })
    await open()
    expect(pending(client).state).toEqual([])
  })

  it('stay in the list until the server acknowledges them', async () => {
    const { client, live, say } = setUpSession()
    client.send('a')
    client.send('b')
    await live()
    client.send('c', {}, { volatile: true })
    const lists = heard(client)
    expect(shown(pending(client))).toEqual(['a written', 'b written', 'c queued'])
    await settleMicrotasks()
    await say(['a', 1])
    await say(['a', 2])
    expect(lists).toEqual([['a written', 'b written'], ['b written'], []])
  })

  it('are found while the connection is down, in the order in which they are delivered', async () => {
    const { client, live, network } = setUpSession()
    await live()
    client.send('a')
    await settleMicrotasks()
    network.last.end(1006)
    client.send('b')
    expect(client.state.status).toBe('waiting')
    expect(shown(pending(client))).toEqual(['a written', 'b queued'])
  })

  it('move to the next session if the last one was lost without them', async () => {
    const { client, live, cut, say, ok } = setUpSession()
    await live()
    client.send('a')
    await settleMicrotasks()
    const [before] = pending(client).state
    await cut()
    expect(pending(client).state).toEqual([before])
    await say(ok({ session: 's2', key: 'k2', lost: { why: 'restart', rx: 0, missed: 0 } }))
    expect(pending(client).state).toEqual([before])
    await say(['a', 1])
    expect(pending(client).state).toEqual([])
  })

  it('contain requests and no answers', async () => {
    const { client, live, say } = setUpSession()
    client.handle('who', () => 'me')
    await live()
    void client.request('what').catch(() => {})
    await say([1, 0, 'who', null, { id: 1 }])
    expect(client.stats().unacknowledgedMessages).toBe(2)
    expect(shown(pending(client))).toEqual(['what written'])
  })

  it('leave the list when they are cancelled, replaced, expired or discarded', async () => {
    const { client, clock } = setUp()
    const first = client.send('a')
    client.send('b', {}, { key: 'k' })
    client.send('c', {}, { key: 'k' })
    client.send('d', {}, { ttl: 1_000 })
    client.send('e')
    const lists = heard(client)
    expect(shown(pending(client))).toEqual(['a queued', 'c queued', 'd queued', 'e queued'])
    first.cancel()
    await settleMicrotasks()
    await clock.advance(2_000)
    await client.disconnect({ queue: 'discard' })
    expect(lists).toEqual([['c queued', 'd queued', 'e queued'], ['c queued', 'e queued'], []])
  })

  it('are announced once for all changes of a turn', async () => {
    const { client } = setUp()
    const lists = heard(client)
    for (let n = 0; n < 1_000; n++) client.send('a')
    await settleMicrotasks()
    expect(lists.map(({ length }) => length)).toEqual([1_000])
  })

  it('are not announced for what changes none of them', async () => {
    const { client, open, network } = setUp()
    await open()
    const lists = heard(client)
    client.send('written at once')
    await settleMicrotasks()
    network.last.end(1006)
    await settleMicrotasks()
    expect(client.state.status).toBe('waiting')
    expect(lists).toEqual([])
  })

  it('are the same objects as long as nothing changes', async () => {
    const { client, live } = setUpSession()
    client.send('a')
    client.send('b')
    const queued = pending(client).state
    expect(pending(client).state).toBe(queued)
    await live()
    const written = pending(client).state
    expect(written.map(({ id }) => id)).toEqual(queued.map(({ id }) => id))
    expect(new Set(queued.map(({ id }) => id)).size).toBe(2)
    expect(queued.map(({ status }) => status)).toEqual(['queued', 'queued'])
    expect(written.map(({ status }) => status)).toEqual(['written', 'written'])
  })

  it('are none once the client is disposed, and that is announced', async () => {
    const { client } = setUp()
    client.send('a')
    const lists = heard(client)
    await client.dispose()
    await settleMicrotasks()
    expect(lists).toEqual([[]])
  })

  it('are one store for each client, which a listener can leave', async () => {
    const { client } = setUp()
    expect(pending(client)).toBe(pending(client))
    expect(pending(setUp().client)).not.toBe(pending(client))
    const [first, second] = [vi.fn(), vi.fn()]
    const stop = pending(client).subscribe(first)
    pending(client).subscribe(second)
    stop()
    stop()
    client.send('a')
    await settleMicrotasks()
    expect(first).not.toHaveBeenCalled()
    expect(second).toHaveBeenCalledOnce()
  })

  it('are announced to a listener that comes after another has left', async () => {
    const { client } = setUp()
    pending(client).subscribe(() => expect.unreachable())()
    client.send('a')
    const lists = heard(client)
    client.send('b')
    await settleMicrotasks()
    expect(lists).toEqual([['a queued', 'b queued']])
  })

  it('report a listener that throws, and announce to the others', async () => {
    const { client, reported } = setUp()
    const seen: (readonly PendingMessage[])[] = []
    pending(client).subscribe(() => {
      throw new Error('of a listener')
    })
    pending(client).subscribe(() => seen.push(pending(client).state))
    client.send('a')
    await settleMicrotasks()
    expect(seen).toHaveLength(1)
    expect(reported).toEqual([new Error('of a listener')])
  })

  it('are asked of a client only', () => {
    expect(() => pending({} as Client)).toThrow('createClient')
  })
})
