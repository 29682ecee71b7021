import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import type { Delivery } from './delivery.ts'
import type { Outcome } from './outcome.ts'
import { createOutbox } from './outbox.ts'
import type { Link, OutboxOptions, SendOptions } from './outbox.ts'

const sent: Outcome = { status: 'sent' }
const lost = (reason: string): Outcome => ({ status: 'undelivered', reason }) as Outcome

function setUp(options: OutboxOptions = {}, batchBytes?: number) {
  const clock = createVirtualClock()
  const link = {
    writable: false,
    buffered: 0,
    written: [] as string[],
    failures: 0,
    throws: 0,
    slow: false,
    onWrite: (_text: string) => {},
    onSettled: (_name: string | undefined) => {},
    /** How many messages had been written at the end of each batch. */
    batches: [] as number[],
    maxPayloadBytes: 1_000,
  }
  const settled: [string | undefined, string][] = []
  const connection: Link<string> = {
    ...(batchBytes && { batchBytes }),
    flushed: () => link.batches.push(link.written.length),
    isWritable: () => link.writable,
    bufferedAmount: () => link.buffered,
    write(message) {
      if (link.throws > 0) {
        link.throws--
        link.failures++
        link.writable = link.slow
        return false
      }
      link.onWrite(message.body)
      link.written.push(message.body)
      message.settle(sent)
      return true
    },
  }
  const outbox = createOutbox(
    options,
    () => link.maxPayloadBytes,
    connection,
    clock,
    (name, outcome) => {
      settled.push([name, 'reason' in outcome ? outcome.reason : outcome.status])
      link.onSettled(name)
    },
  )
  const push = (text: string, how: SendOptions = {}): Delivery => outbox.push(text, text.length, text, how)
  return { clock, link, outbox, push, settled }
}

describe('a link that can ask for outcomes', () => {
  function setUpAsking() {
    const written: { readonly settle: (outcome: Outcome) => void }[] = []
    const link = { isOpen: true, asks: 0 }
    const outbox = createOutbox<string>(
      {},
      () => 1_000,
      {
        bufferedAmount: () => 0,
        isWritable: () => link.isOpen,
        write: (message) => written.push(message) > 0,
        ask: () => void link.asks++,
      },
      createVirtualClock(),
      () => {},
    )
    return { written, link, outbox, push: (how: SendOptions = {}) => outbox.push('text', 4, 'name', how) }
  }

  it('is asked once a message is written whose outcome somebody waits for', () => {
    const { link, outbox, push } = setUpAsking()
    link.isOpen = false
    void push().then()
    push()
    expect(link.asks).toBe(0)
    link.isOpen = true
    outbox.flush()
    expect(link.asks).toBe(1)
  })

  it('is asked when somebody begins to wait for a message that is written and has no outcome', () => {
    const { written, link, push } = setUpAsking()
    const delivery = push()
    expect(link.asks).toBe(0)
    void delivery.orThrow()
    expect(link.asks).toBe(1)
    written[0]!.settle({ status: 'delivered' })
    void delivery.then()
    expect(link.asks).toBe(1)
  })

  it('is asked neither for volatile messages nor by those who only watch', async () => {
    const { link, push } = setUpAsking()
    void push({ volatile: true }).then()
    push().whenSettled(() => {})
    await settleMicrotasks()
    expect(link.asks).toBe(0)
  })
})

describe('the outbox', () => {
  it('writes at once when it can, and otherwise later and in order', () => {
    const { link, outbox, push } = setUp()
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
    const { clock, link, outbox, push } = setUp()
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
    const { clock, push } = setUp()
    const forever = [push('a', { ttl: Infinity }), push('b', { ttl: 3e9 })]
    await clock.advance(100_000)
    expect(forever.map((delivery) => delivery.outcome)).toEqual([undefined, undefined])
  })

  it('sends a message at once that may not wait at all, if it need not', async () => {
    const { clock, link, push } = setUp()
    link.writable = true
    expect(push('now', { ttl: 0 }).outcome).toEqual(sent)
    link.writable = false
    const late = push('late', { ttl: 0 })
    await clock.advance(1)
    expect(late.outcome).toEqual(lost('expired'))
  })

  it('keeps only the latest message of a key, at the end of the queue', () => {
    const { link, outbox, push } = setUp()
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
    const { push } = setUp({ maxBytes: 10 })
    const old = push('1234', { key: 'x' })
    push('12345')
    expect(push('123456', { key: 'x' }).outcome).toEqual(lost('overflow'))
    expect(old.outcome).toBeUndefined()
    expect(push('12345', { key: 'x' }).outcome).toBeUndefined()
    expect(old.outcome).toEqual(lost('replaced'))
  })

  it('sends a volatile message now or never', () => {
    const { link, push } = setUp()
    expect(push('a', { volatile: true }).outcome).toEqual(lost('volatile'))
    link.writable = true
    expect(push('b', { volatile: true }).outcome).toEqual(sent)
    link.buffered = 2_000_000
    expect(push('c', { volatile: true }).outcome).toEqual(lost('volatile'))
    expect(link.written).toEqual(['b'])
  })

  it('takes a message back when asked to, as long as it was not written', () => {
    const { link, outbox, push, clock } = setUp()
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
    const { link, push } = setUp()
    link.writable = false
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    push('a', { signal }).cancel()
    expect(remove).toHaveBeenCalledOnce()
  })

  it('refuses what it has no room for', () => {
    const { outbox, push } = setUp({ maxMessages: 2, maxBytes: 10 })
    expect(push('12345678901').outcome).toEqual(lost('too-large'))
    push('1234')
    expect(push('1234567').outcome).toEqual(lost('overflow'))
    push('1')
    expect(push('1').outcome).toEqual(lost('overflow'))
    expect([outbox.size, outbox.bytes]).toEqual([2, 5])
  })

  it('drops the oldest to make room when told to', () => {
    const { outbox, push } = setUp({ maxMessages: 3, maxBytes: 10, overflow: 'drop-oldest' })
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

  it('never sends a frame larger than the wire takes', () => {
    const { link, outbox, push } = setUp({ maxBytes: 5_000 })
    expect(push('x'.repeat(1_001)).outcome).toEqual(lost('too-large'))
    expect(outbox.bytes).toBe(0)
    link.writable = true
    expect(push('x'.repeat(1_000)).outcome).toEqual(sent)
  })

  it('lets a message larger than the queue go when it need not wait', () => {
    const { link, push } = setUp({ maxBytes: 10 })
    link.writable = true
    expect(push('x'.repeat(500)).outcome).toEqual(sent)
  })

  it('neither loses nor repeats anything when the socket throws in the middle of a flush', () => {
    const { link, outbox, push } = setUp()
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
    const { link, outbox, push } = setUp()
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
    const { link, outbox, push } = setUp()
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
    const { clock, link, push } = setUp({ highWaterBytes: 100 })
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
    const { clock, link, outbox, push } = setUp()
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
    const { clock, link, outbox, push } = setUp()
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
    const { link, outbox, push } = setUp()
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
    const { link, outbox, push, settled } = setUp()
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
    const { clock, link, outbox, push } = setUp()
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
    const { link, outbox, push } = setUp()
    push('a')
    link.onSettled = () => void push('again')
    outbox.discard('closed')
    expect(outbox.size).toBe(1)
  })

  it('lets a listener that hears of an outcome send at once, and tells the outcomes in order', () => {
    const { link, outbox, push, settled } = setUp()
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
    const { link, outbox, push, settled } = setUp()
    link.writable = true
    link.onWrite = () => outbox.discard('closed')
    push('a')
    expect(settled).toHaveLength(1)
  })

  it('settles every message at once while it refuses', () => {
    const { link, outbox, push } = setUp()
    const early = push('a')
    outbox.refuse('closed')
    link.writable = true
    expect([early.outcome, push('b').outcome]).toEqual([lost('closed'), lost('closed')])
    outbox.accept()
    expect(push('c').outcome).toEqual(sent)
    expect(link.written).toEqual(['c'])
  })

  it('does not send what the peer of the next connection does not take', () => {
    const { link, outbox, push } = setUp()
    const all = ['large', 's'].map((text) => push(text))
    link.maxPayloadBytes = 3
    link.writable = true
    outbox.flush()
    expect(all.map((delivery) => delivery.outcome)).toEqual([lost('too-large'), sent])
  })

  it('tells the other outcomes when a listener throws', () => {
    const { link, outbox, push, settled } = setUp()
    for (const text of ['a', 'b', 'c']) push(text)
    link.onSettled = (name) => {
      if (name === 'a') throw new Error('listener')
    }
    link.writable = true
    expect(() => outbox.flush()).toThrow('listener')
    push('d')
    expect(settled.map(([name]) => name)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('keeps every promise whatever is done to it in whatever order', () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('push' as const),
          size: fc.integer({ min: 1, max: 60 }),
          key: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
          volatile: fc.boolean(),
          ttl: fc.option(fc.nat(300), { nil: undefined }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom('up' as const, 'down' as const, 'flush' as const) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constantFrom(
            'throw' as const,
            'time' as const,
            'full' as const,
            'cancel' as const,
            'discard' as const,
            'turn' as const,
          ),
        }),
      },
    )
    const policy = fc.constantFrom('reject' as const, 'drop-oldest' as const)
    const batch = fc.constantFrom(undefined, 70, 1_000)
    return fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60 }),
        policy,
        batch,
        async (actions, overflow, batchBytes) => {
          const { clock, link, outbox, push, settled } = setUp(
            { maxMessages: 5, maxBytes: 100, overflow },
            batchBytes,
          )
          const deliveries: Delivery[] = []
          for (const [index, item] of actions.entries()) {
            switch (item.do) {
              case 'push': {
                const { key, ttl, volatile } = item
                deliveries.push(
                  push(String(index).padEnd(item.size, '.'), {
                    ...(key && { key }),
                    ...(ttl !== undefined && { ttl }),
                    volatile,
                  }),
                )
                break
              }
              case 'up':
                link.writable = true
                link.buffered = 0
                outbox.flush()
                break
              case 'down':
                link.writable = false
                break
              case 'flush':
                outbox.flush()
                break
              case 'throw':
                link.throws = 1
                break
              case 'time':
                await clock.advance(100)
                break
              case 'full':
                link.buffered = 2_000_000
                break
              case 'cancel':
                deliveries.at(-1)?.cancel()
                break
              case 'discard':
                outbox.discard('closed')
                break
              case 'turn':
                await settleMicrotasks()
            }
            expect(outbox.size).toBeLessThanOrEqual(5)
            expect(outbox.bytes).toBeLessThanOrEqual(100)
          }
          outbox.discard('disposed')
          expect(deliveries.every((delivery) => delivery.outcome)).toBe(true)
          expect(settled).toHaveLength(deliveries.length)
          const written = settled.filter(([, what]) => what === 'sent').map(([text]) => text)
          expect(link.written).toEqual(written)
          const order = link.written.map((text) => parseInt(text))
          expect(order).toEqual([...order].sort((a, b) => a - b))
          await clock.advance(1_000)
          expect(clock.pending).toBe(0)
        },
      ),
    )
  })
})

describe('the outbox of a link that packs', () => {
  const setUpOpen = (options: OutboxOptions = {}) => {
    const all = setUp(options, 100)
    all.link.writable = true
    return all
  }

  it('writes all messages of a turn at its end, in one batch', async () => {
    const { link, outbox, push } = setUpOpen()
    const all = ['a', 'b', 'c'].map((text) => push(text))
    expect([link.written, outbox.size]).toEqual([[], 3])
    await settleMicrotasks()
    expect([link.written, link.batches]).toEqual([['a', 'b', 'c'], [3]])
    expect(all.map((delivery) => delivery.outcome)).toEqual([sent, sent, sent])
    push('d')
    await settleMicrotasks()
    expect([link.written, link.batches]).toEqual([
      ['a', 'b', 'c', 'd'],
      [3, 4],
    ])
  })

  it('writes at once what fills a batch', async () => {
    const { link, push } = setUpOpen()
    push('x'.repeat(60))
    expect(link.written).toHaveLength(0)
    push('y'.repeat(40))
    expect(link.written).toHaveLength(2)
    push('z')
    expect(link.written).toHaveLength(2)
    await settleMicrotasks()
    expect(link.batches).toEqual([2, 3])
  })

  it('sends a volatile message with its turn, in its place', async () => {
    const { link, push } = setUpOpen()
    const all = [push('a'), push('b', { volatile: true }), push('c')]
    expect(all[1]!.outcome).toBeUndefined()
    await settleMicrotasks()
    expect(link.written).toEqual(['a', 'b', 'c'])
    expect(all.map((delivery) => delivery.outcome)).toEqual([sent, sent, sent])
  })

  it('gives a volatile message up when it cannot go at the end of its turn', async () => {
    const { link, outbox, push } = setUpOpen()
    const [first, second] = [push('a', { volatile: true }), push('b')]
    link.writable = false
    expect(push('c', { volatile: true }).outcome).toEqual(lost('volatile'))
    await settleMicrotasks()
    expect([first.outcome, second.outcome]).toEqual([lost('volatile'), undefined])
    expect(outbox.size).toBe(1)
    link.writable = true
    outbox.flush()
    expect(link.written).toEqual(['b'])
  })

  it('gives a volatile message up when the batch takes too long', async () => {
    const { clock, link, push } = setUpOpen()
    for (let index = 0; index < 20; index++) push(String(index))
    const late = push('late', { volatile: true })
    link.onWrite = () => clock.stall(1)
    await settleMicrotasks()
    expect(late.outcome).toEqual(lost('volatile'))
    await clock.advance(50)
    expect(link.written).toHaveLength(20)
  })

  it('sends only the latest message of a key in a turn', async () => {
    const { link, push } = setUpOpen()
    const [old] = [push('x1', { key: 'x' }), push('y'), push('x2', { key: 'x' })]
    expect(old.outcome).toEqual(lost('replaced'))
    await settleMicrotasks()
    expect(link.written).toEqual(['y', 'x2'])
    push('x3', { key: 'x' })
    await settleMicrotasks()
    expect(link.written).toEqual(['y', 'x2', 'x3'])
  })

  it('takes a message back within its turn', async () => {
    const { link, outbox, push } = setUpOpen()
    const controller = new AbortController()
    const all = [
      push('a'),
      push('b', { volatile: true }),
      push('c', { signal: controller.signal }),
      push('d'),
    ]
    expect([all[0]!.cancel(), all[1]!.cancel()]).toEqual([true, true])
    controller.abort()
    expect(outbox.size).toBe(1)
    await settleMicrotasks()
    expect(link.written).toEqual(['d'])
    expect(all.map((delivery) => delivery.outcome)).toEqual([
      lost('cancelled'),
      lost('cancelled'),
      lost('cancelled'),
      sent,
    ])
    expect(all[3]!.cancel()).toBe(false)
  })

  it('writes when the queue is full, before it turns anything away', async () => {
    const { link, push } = setUpOpen({ maxMessages: 2 })
    const all = ['a', 'b', 'c', 'd'].map((text) => push(text))
    expect(link.written).toEqual(['a', 'b', 'c'])
    await settleMicrotasks()
    expect(all.map((delivery) => delivery.outcome)).toEqual([sent, sent, sent, sent])
  })

  it('turns away what it has no room for when nothing can be written', () => {
    const { link, push } = setUpOpen({ maxMessages: 2 })
    link.writable = false
    const all = ['a', 'b', 'c'].map((text) => push(text))
    expect(all.map((delivery) => delivery.outcome)).toEqual([undefined, undefined, lost('overflow')])
  })

  it('waits with the batch while the socket has enough to do', async () => {
    const { clock, link, push } = setUpOpen({ highWaterBytes: 50 })
    const first = push('a')
    link.buffered = 50
    await settleMicrotasks()
    expect(link.written).toEqual([])
    expect(push('b', { volatile: true }).outcome).toEqual(lost('volatile'))
    push('c')
    await settleMicrotasks()
    expect(first.outcome).toBeUndefined()
    link.buffered = 0
    await clock.advance(20)
    expect(link.written).toEqual(['a', 'c'])
  })

  it('leaves the paced flush alone at the end of a turn', async () => {
    const { clock, link, outbox, push } = setUpOpen({ highWaterBytes: 50 })
    push('a')
    link.buffered = 50
    outbox.flush()
    expect([link.written, clock.pending]).toEqual([[], 1])
    link.buffered = 0
    await settleMicrotasks()
    expect(link.written).toEqual([])
    await clock.advance(20)
    expect([link.written, clock.pending]).toEqual([['a'], 0])
  })

  it('has nothing left to write at the end of a turn in which it was discarded', async () => {
    const { link, outbox, push } = setUpOpen()
    const all = [push('a'), push('b', { volatile: true })]
    outbox.discard('closed')
    expect(all.map((delivery) => delivery.outcome)).toEqual([lost('closed'), lost('closed')])
    await settleMicrotasks()
    expect(link.written).toEqual([])
  })

  it('takes what is sent in answer to an outcome into the next batch', async () => {
    const { link, push } = setUpOpen()
    link.onSettled = (name) => {
      if (name === 'a') push('reaction')
    }
    push('a')
    push('b')
    await settleMicrotasks()
    expect([link.written, link.batches]).toEqual([
      ['a', 'b', 'reaction'],
      [2, 3],
    ])
  })

  it('ends its batch also when the link throws, and goes on in the next turn', async () => {
    const { link, outbox, push, settled } = setUpOpen()
    push('a')
    push('b')
    link.onWrite = (text) => {
      if (text === 'b') throw new Error('broken encoder')
    }
    expect(() => outbox.flush()).toThrow('broken encoder')
    expect([link.written, link.batches]).toEqual([['a'], [1]])
    link.onWrite = () => {}
    await settleMicrotasks()
    expect(link.written).toEqual(['a', 'b'])
    expect(settled.map(([name]) => name)).toEqual(['a', 'b'])
  })
})
