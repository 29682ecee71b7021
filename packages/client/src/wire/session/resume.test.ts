import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import type { Loss } from '../../index.ts'
import { setUpSession, statuses } from '../../../test/support/set-up-session.ts'
import type { Part } from '../../../test/support/set-up-session.ts'

describe('a resume', () => {
  it('presents the session, and replays what the server has not got', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    const opened = vi.fn()
    const lost = vi.fn()
    client.watch('open', opened)
    client.watch('lost', lost)
    await live()
    await say([1, 0, 'tick', 1], [2, 0, 'tick', 2])
    const sends = [client.send('a', 1), client.send('b', 2), client.send('c', 3)]
    await settleMicrotasks()
    await cut()
    const late = client.send('d', 4)
    expect(heard()).toEqual([['hi', expect.objectContaining({ n: 2, session: 's1', key: 'k1', rx: 2 })]])
    await say(ok({ rx: 1 }))
    expect(statuses(sends)).toEqual(['delivered', 'open', 'open'])
    expect(heard().slice(1)).toEqual([
      ['a', 2],
      [2, 2, 'b', 2],
      [3, 2, 'c', 3],
      [4, 2, 'd', 4],
    ])
    expect(opened).toHaveBeenLastCalledWith(expect.objectContaining({ resumed: true, replayed: 2 }))
    await say(['a', 4])
    expect(statuses([...sends, late])).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
    expect(lost).not.toHaveBeenCalled()
  })

  it('hands on nothing twice, and nothing out of order', async () => {
    const { client, live, say, ok, cut, network } = setUpSession()
    const got: unknown[] = []
    client.on('tick', (data) => got.push(data))
    await live()
    await say(
      [1, 0, 'tick', 1],
      [
        [2, 0, 'tick', 2],
        [2, 0, 'tick', 'again'],
        [1, 0, 'tick', 'old'],
      ],
    )
    await cut()
    await say(ok(), [2, 0, 'tick', 'replayed'], [3, 0, 'tick', 3])
    expect(got).toEqual([1, 2, 3])
    await say([5, 0, 'tick', 5])
    expect(network.last.closes).toEqual([[4425]])
    expect(got).toEqual([1, 2, 3])
  })

  it('is tried for as long as it takes', async () => {
    const { client, live, say, ok, network, clock } = setUpSession()
    await live()
    const delivery = client.send('a')
    await settleMicrotasks()
    for (let failures = 0; failures < 20; failures++) {
      network.last.end(1006)
      await clock.advance(31_000)
    }
    network.last.open()
    await say(['holdfast', { v: 1 }], ok())
    expect(client.state.status).toBe('open')
    await say(['a', 1])
    expect(delivery.outcome).toEqual({ status: 'delivered' })
  })
})

describe('a session that is gone', () => {
  async function lose(lost: Part | undefined, part: Part = {}) {
    const given = setUpSession()
    const { client, live, say, ok, cut } = given
    const losses: Loss[] = []
    client.watch('lost', (loss) => losses.push(loss))
    await live({ identity: 'ann' })
    const sends = [client.send('a', 1), client.send('b', 2), client.send('c', 3)]
    await settleMicrotasks()
    await cut()
    sends.push(client.send('waiting'))
    await say(ok({ session: 's2', key: 'k2', identity: 'ann', ...(lost && { lost }), ...part }))
    return { ...given, sends, losses }
  }

  it('with its cursor known: what is above it goes first into the new session', async () => {
    const { sends, heard, losses, say } = await lose({ why: 'expired', rx: 1, missed: 7 })
    expect(statuses(sends)).toEqual(['delivered', 'open', 'open', 'open'])
    expect(heard().slice(1)).toEqual([
      ['a', 0],
      [1, 0, 'b', 2],
      [2, 0, 'c', 3],
      [3, 0, 'waiting'],
    ])
    expect(losses).toEqual([{ why: 'expired', missed: 7, undelivered: 2, unknown: 0 }])
    await say(['a', 3])
    expect(statuses(sends)).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
  })

  it('without: what was written is unknown, and never sent again', async () => {
    for (const lost of [{ why: 'unknown', rx: null, missed: null }, undefined]) {
      const { sends, heard, losses } = await lose(lost)
      const unknown = 'unknown: session-lost'
      expect(statuses(sends)).toEqual([unknown, unknown, unknown, 'open'])
      expect(heard().slice(1)).toEqual([
        ['a', 0],
        [1, 0, 'waiting'],
      ])
      expect(losses).toEqual([{ why: 'unknown', missed: undefined, undelivered: 0, unknown: 3 }])
    }
  })

  it('does not write again what is too large for the new one', async () => {
    const { client, live, say, heard, ok, cut } = setUpSession()
    await live()
    const large = client.send('a', 'x'.repeat(2_000))
    await settleMicrotasks()
    await cut()
    await say(ok({ session: 's2', maxPayload: 1_500, lost: { why: 'drained', rx: 0, missed: 0 } }))
    expect(statuses([large])).toEqual(['undelivered: too-large'])
    expect(heard().slice(1)).toEqual([['a', 0]])
  })

  it('with a cursor that cannot be: nothing is believed', async () => {
    const { sends } = await lose({ why: 'expired', rx: 4, missed: 0 })
    expect(statuses(sends).slice(0, 3)).toEqual(Array(3).fill('unknown: session-lost'))
  })

  it('for another user: nothing that was sent before goes to the new one', async () => {
    const { sends, heard } = await lose({ why: 'identity', rx: 1, missed: 0 }, { identity: 'bob' })
    const lost = 'undelivered: session-lost'
    expect(statuses(sends)).toEqual(['delivered', lost, lost, lost])
    expect(heard().slice(1)).toEqual([['a', 0]])
  })

  it('is heard of before the next one opens, by listeners that may do what they like', async () => {
    for (const act of ['dispose', 'disconnect', 'reconnect'] as const) {
      const { client, live, say, ok, cut, clock, network } = setUpSession()
      client.watch('lost', () => void client[act]())
      const opened = vi.fn()
      await live()
      client.watch('open', opened)
      client.send('a')
      await settleMicrotasks()
      await cut()
      await say(ok({ session: 's2', lost: { why: 'expired', rx: 0, missed: 0 } }))
      expect(opened, act).not.toHaveBeenCalled()
      if (act === 'reconnect') {
        await clock.advance(100)
        network.last.open()
        await say(['holdfast', { v: 1 }], ok({ session: 's2' }))
        expect(opened).toHaveBeenCalledTimes(1)
      }
      await client.dispose()
      expect([act, clock.pending]).toEqual([act, 0])
    }
  })

  it('leaves no message open when a listener of its outcomes disposes of the client', async () => {
    const { client, live, say, ok, cut, clock } = setUpSession()
    client.watch('settled', () => void client.dispose())
    await live()
    const sends = [client.send('a'), client.send('b')]
    await settleMicrotasks()
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 1, missed: 0 } }))
    expect(statuses(sends)).toEqual(['delivered', 'undelivered: disposed'])
    expect(clock.pending).toBe(0)
  })

  it('is the end of it when the server acknowledges what was never written', async () => {
    const { client, live, say, network } = setUpSession()
    const lost = vi.fn()
    client.watch('lost', lost)
    await live()
    const delivery = client.send('a')
    await settleMicrotasks()
    await say(['a', 2])
    expect(network.last.closes).toEqual([[4400]])
    expect(statuses([delivery])).toEqual(['unknown: session-lost'])
    expect(lost).toHaveBeenCalledWith({ why: 'protocol', missed: undefined, undelivered: 0, unknown: 1 })
  })
})

describe('a message that the server refuses', () => {
  it.each([1003, 1007, 1009])('with %i is found, withdrawn, and the others are delivered', async (code) => {
    const { client, live, say, ok, cut, network } = setUpSession()
    await live()
    const sends = [client.send('a'), client.send('poison'), client.send('c')]
    await settleMicrotasks()
    await cut(code)
    await say(ok({ rx: 0 }))
    // Unpacked, to see which one it is.
    expect(network.last.sent.slice(2)).toEqual(['[1,0,"a"]', '[2,0,"poison"]', '[3,0,"c"]'])
    await cut(code)
    await say(ok({ rx: 1 }))
    await cut(code)
    await say(ok({ rx: 1 }))
    expect(network.last.sent.slice(2)).toEqual(['[2,0]', '[3,0,"c"]'])
    await say(['a', 3])
    expect(statuses(sends)).toEqual(['delivered', 'undelivered: rejected', 'delivered'])
  })

  it('is not looked for under the same number in another session', async () => {
    const { client, live, say, ok, cut } = setUpSession()
    await live()
    const first = client.send('a')
    await settleMicrotasks()
    await cut(1009)
    await say(ok())
    // It was suspected once. In the next session, another message has its number.
    await cut()
    await say(ok({ session: 's2', lost: { why: 'expired', rx: 1, missed: 0 } }))
    expect(statuses([first])).toEqual(['delivered'])
    const second = client.send('b')
    await settleMicrotasks()
    await cut(1009)
    await say(ok({ session: 's2' }))
    expect(statuses([second])).toEqual(['open'])
  })
})
