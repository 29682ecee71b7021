import { describe, expect, it } from 'vitest'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { createOutbox } from './outbox.ts'
import type { OutboxOptions, SendOptions } from './send-options.ts'
import type { Outcome } from './outcome.ts'
import { lost, sent, setUpOutbox } from '../test/support/outbox.ts'

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

describe('the outbox of a link that packs', () => {
  const setUpOpen = (options: OutboxOptions = {}) => {
    const all = setUpOutbox(options, 100)
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
