import { describe, expect, it, vi } from 'vitest'
import type { Delivery } from './delivery.ts'
import { lost, sent, setUpOutbox } from '../test/support/outbox.ts'

describe('the outbox', () => {
  it('writes at once when it can, and otherwise later and in order', () => {
    const { link, outbox, push } = setUpOutbox()
    const early = ['a', 'b', 'c'].map((text) => push(text))
    expect([outbox.size, outbox.bytes]).toEqual([3, 3])
    expect(early.map((delivery) => delivery.outcome)).toEqual([undefined, undefined, undefined])
    link.writable = true
    outbox.flush()
    expect(push('d').outcome).toEqual(sent)
    expect(link.written).toEqual(['a', 'b', 'c', 'd'])
    expect(early.map((delivery) => delivery.outcome)).toEqual([sent, sent, sent])
    expect([outbox.size, outbox.bytes]).toEqual([0, 0])
  })

  it('expires a message that waits for longer than its ttl, also when the timer is late', async () => {
    const { clock, link, outbox, push } = setUpOutbox()
    const short = push('short', { ttl: 100 })
    const long = push('long', { ttl: 200 })
    await clock.advance(100)
    expect(short.outcome).toEqual(lost('expired'))
    clock.stall(500)
    link.writable = true
    outbox.flush()
    expect(long.outcome).toEqual(lost('expired'))
    expect(link.written).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('takes a ttl that no timer can hold', async () => {
    const { clock, push } = setUpOutbox()
    const forever = [push('a', { ttl: Infinity }), push('b', { ttl: 3e9 })]
    await clock.advance(100_000)
    expect(forever.map((delivery) => delivery.outcome)).toEqual([undefined, undefined])
  })

  it('sends a message at once that may not wait at all, if it need not', async () => {
    const { clock, link, push } = setUpOutbox()
    link.writable = true
    expect(push('now', { ttl: 0 }).outcome).toEqual(sent)
    link.writable = false
    const late = push('late', { ttl: 0 })
    await clock.advance(1)
    expect(late.outcome).toEqual(lost('expired'))
  })

  it('keeps only the latest message of a key, at the end of the queue', () => {
    const { link, outbox, push } = setUpOutbox()
    const first = push('x1', { key: 'x' })
    push('y')
    push('x2', { key: 'x' })
    expect(first.outcome).toEqual(lost('replaced'))
    link.writable = true
    outbox.flush()
    expect(link.written).toEqual(['y', 'x2'])
    expect(push('x3', { key: 'x' }).outcome).toEqual(sent)
  })

  it('does not give up the old message of a key for a new one that finds no room', () => {
    const { push } = setUpOutbox({ maxBytes: 10 })
    const old = push('1234', { key: 'x' })
    push('12345')
    expect(push('123456', { key: 'x' }).outcome).toEqual(lost('overflow'))
    expect(old.outcome).toBeUndefined()
    expect(push('12345', { key: 'x' }).outcome).toBeUndefined()
    expect(old.outcome).toEqual(lost('replaced'))
  })

  it('sends a volatile message now or never', () => {
    const { link, push } = setUpOutbox()
    expect(push('a', { volatile: true }).outcome).toEqual(lost('volatile'))
    link.writable = true
    expect(push('b', { volatile: true }).outcome).toEqual(sent)
    link.buffered = 2_000_000
    expect(push('c', { volatile: true }).outcome).toEqual(lost('volatile'))
    expect(link.written).toEqual(['b'])
  })

  it('takes a message back when asked to, as long as it was not written', () => {
    const { link, outbox, push, clock } = setUpOutbox()
    const controller = new AbortController()
    const [first, second, third] = [push('a'), push('b', { signal: controller.signal, ttl: 500 }), push('c')]
    expect(first.cancel()).toBe(true)
    expect(first.cancel()).toBe(false)
    controller.abort()
    link.writable = true
    outbox.flush()
    expect([first.outcome, second.outcome, third.outcome]).toEqual([
      lost('cancelled'),
      lost('cancelled'),
      sent,
    ])
    expect(third.cancel()).toBe(false)
    expect(third.outcome).toEqual(sent)
    expect(push('d', { signal: controller.signal }).outcome).toEqual(lost('cancelled'))
    expect(clock.pending).toBe(0)
  })

  it('stops listening to the signal of a message that is settled', () => {
    const { link, push } = setUpOutbox()
    link.writable = false
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    push('a', { signal }).cancel()
    expect(remove).toHaveBeenCalledOnce()
  })

  it('refuses what it has no room for', () => {
    const { outbox, push } = setUpOutbox({ maxMessages: 2, maxBytes: 10 })
    expect(push('12345678901').outcome).toEqual(lost('too-large'))
    push('1234')
    expect(push('1234567').outcome).toEqual(lost('overflow'))
    push('1')
    expect(push('1').outcome).toEqual(lost('overflow'))
    expect([outbox.size, outbox.bytes]).toEqual([2, 5])
  })

  it('drops the oldest to make room when told to', () => {
    const { outbox, push } = setUpOutbox({ maxMessages: 3, maxBytes: 10, overflow: 'drop-oldest' })
    const all = ['1', '22', '333', '4444', '555'].map((text) => push(text))
    expect(all.map((delivery) => delivery.outcome)).toEqual([
      lost('overflow'),
      lost('overflow'),
      undefined,
      undefined,
      undefined,
    ])
    expect(push('12345678901').outcome).toEqual(lost('too-large'))
    expect([outbox.size, outbox.bytes]).toEqual([3, 10])
  })

  it('has room for a message that leaves half of its bounds free, and for any message while it is empty', () => {
    const { outbox, push } = setUpOutbox({ maxMessages: 4, maxBytes: 100 })
    expect(outbox.hasRoom(1_000)).toBe(true)
    push('1234567890')
    expect([40, 41].map((bytes) => outbox.hasRoom(bytes))).toEqual([true, false])
    push('1')
    expect(outbox.hasRoom(1)).toBe(false)
  })

  it('never sends a frame larger than the wire takes', () => {
    const { link, outbox, push } = setUpOutbox({ maxBytes: 5_000 })
    expect(push('x'.repeat(1_001)).outcome).toEqual(lost('too-large'))
    expect(outbox.bytes).toBe(0)
    link.writable = true
    expect(push('x'.repeat(1_000)).outcome).toEqual(sent)
  })

  it('lets a message larger than the queue go when it need not wait', () => {
    const { link, push } = setUpOutbox({ maxBytes: 10 })
    link.writable = true
    expect(push('x'.repeat(500)).outcome).toEqual(sent)
  })

  it('neither loses nor repeats anything when the socket throws in the middle of a flush', () => {
    const { link, outbox, push } = setUpOutbox()
    const all = ['a', 'b', 'c', 'd'].map((text) => push(text))
    link.writable = true
    link.onWrite = () => (link.throws = link.written.length === 0 ? 1 : 0)
    outbox.flush()
    link.onWrite = () => {}
    expect(link.failures).toBe(1)
    expect(all.map((delivery) => delivery.outcome)).toEqual([sent, undefined, undefined, undefined])
    link.writable = true
    outbox.flush()
    expect(link.written).toEqual(['a', 'b', 'c', 'd'])
    expect(all.map((delivery) => delivery.outcome)).toEqual([sent, sent, sent, sent])
  })

  it('does not let a message overtake one that the socket threw at, even if the connection is slow to fail', () => {
    const { link, outbox, push } = setUpOutbox()
    push('a')
    push('b')
    link.throws = 1
    link.slow = true
    link.writable = true
    outbox.flush()
    expect(link.written).toEqual([])
    outbox.flush()
    expect(link.written).toEqual(['a', 'b'])
  })

  it('gives up a message that the socket refuses twice, and sends the others', () => {
    const { link, outbox, push } = setUpOutbox()
    const all = ['poison', 'b'].map((text) => push(text))
    link.throws = 2
    for (let connection = 0; connection < 3; connection++) {
      link.writable = true
      outbox.flush()
    }
    expect(all.map((delivery) => delivery.outcome)).toEqual([lost('rejected'), sent])
    expect(link.failures).toBe(2)
  })

  it('waits while the socket has enough to do, and goes on when it has less', async () => {
    const { clock, link, push } = setUpOutbox({ highWaterBytes: 100 })
    link.writable = true
    link.buffered = 100
    const delivery = push('a')
    await clock.advance(50)
    expect(delivery.outcome).toBeUndefined()
    link.buffered = 99
    await clock.advance(50)
    expect(delivery.outcome).toEqual(sent)
    expect(clock.pending).toBe(0)
  })

  it('flushes in slices that leave the page responsive', async () => {
    const { clock, link, outbox, push } = setUpOutbox()
    for (let index = 0; index < 10_000; index++) push(String(index))
    link.writable = true
    link.onWrite = () => clock.stall(0.01)
    outbox.flush()
    const first = link.written.length
    expect(first).toBeLessThan(1_000)
    push('last')
    expect(link.written).toHaveLength(first)
    await clock.advance(100)
    expect(link.written).toEqual([...Array(10_000).keys(), 'last'].map(String))
  })

  it('writes everything that can go when it will have no other turn, however slow the machine is', () => {
    const { clock, link, outbox, push } = setUpOutbox()
    for (let index = 0; index < 1_000; index++) push(String(index))
    link.writable = true
    link.onWrite = () => clock.stall(20)
    outbox.flush()
    expect(link.written.length).toBeLessThan(1_000)
    outbox.flushAll()
    expect(link.written).toEqual([...Array(1_000).keys()].map(String))
    expect([outbox.size, clock.pending]).toEqual([0, 0])
  })

  it('may be used from within what it calls', () => {
    const { link, outbox, push } = setUpOutbox()
    push('a')
    push('b')
    link.writable = true
    link.onWrite = (text) => {
      if (text !== 'a') return
      push('c')
      outbox.flush()
    }
    outbox.flush()
    expect(link.written).toEqual(['a', 'b', 'c'])
  })

  it('settles everything when it is discarded, and takes new messages after that', () => {
    const { link, outbox, push, settled } = setUpOutbox()
    push('a')
    push('b', { key: 'k' })
    outbox.discard('closed')
    expect(settled).toEqual([
      ['a', 'closed'],
      ['b', 'closed'],
    ])
    expect([outbox.size, outbox.bytes]).toEqual([0, 0])
    link.writable = true
    expect(push('c', { key: 'k' }).outcome).toEqual(sent)
  })

  it('forgets a pending flush when it is discarded', () => {
    const { clock, link, outbox, push } = setUpOutbox()
    link.writable = true
    link.buffered = 2_000_000
    push('a')
    expect(clock.pending).toBe(1)
    outbox.discard('closed')
    expect(clock.pending).toBe(0)
    link.buffered = 0
    expect(push('b').outcome).toEqual(sent)
  })

  it('discards what waits, and not what a listener sends in answer to that', () => {
    const { link, outbox, push } = setUpOutbox()
    push('a')
    link.onSettled = () => void push('again')
    outbox.discard('closed')
    expect(outbox.size).toBe(1)
  })

  it('lets a listener that hears of an outcome send at once, and tells the outcomes in order', () => {
    const { link, outbox, push, settled } = setUpOutbox()
    push('a')
    push('b')
    let reaction: Delivery | undefined
    link.onSettled = () => {
      reaction ??= push('volatile', { volatile: true })
    }
    link.writable = true
    outbox.flush()
    expect(reaction?.outcome).toEqual(sent)
    expect(link.written).toEqual(['a', 'b', 'volatile'])
    expect(settled.map(([name]) => name)).toEqual(['a', 'b', 'volatile'])
  })

  it('settles a message once, even if it is discarded while it is being written', () => {
    const { link, outbox, push, settled } = setUpOutbox()
    link.writable = true
    link.onWrite = () => outbox.discard('closed')
    push('a')
    expect(settled).toHaveLength(1)
  })

  it('settles every message at once while it refuses', () => {
    const { link, outbox, push } = setUpOutbox()
    const early = push('a')
    outbox.refuse('closed')
    link.writable = true
    expect([early.outcome, push('b').outcome]).toEqual([lost('closed'), lost('closed')])
    outbox.accept()
    expect(push('c').outcome).toEqual(sent)
    expect(link.written).toEqual(['c'])
  })

  it('does not send what the peer of the next connection does not take', () => {
    const { link, outbox, push } = setUpOutbox()
    const all = ['large', 's'].map((text) => push(text))
    link.maxPayloadBytes = 3
    link.writable = true
    outbox.flush()
    expect(all.map((delivery) => delivery.outcome)).toEqual([lost('too-large'), sent])
  })

  it('tells the other outcomes when a listener throws', () => {
    const { link, outbox, push, settled } = setUpOutbox()
    for (const text of ['a', 'b', 'c']) push(text)
    link.onSettled = (name) => {
      if (name === 'a') throw new Error('listener')
    }
    link.writable = true
    expect(() => outbox.flush()).toThrow('listener')
    push('d')
    expect(settled.map(([name]) => name)).toEqual(['a', 'b', 'c', 'd'])
  })
})
