import { createOutbox, createSession } from '@holdfast/protocol'
import type { Clock, Outbox, OutboxOptions, Outgoing, Sent, SendOptions } from '@holdfast/protocol'
import { createHub } from '@holdfast/server'
import type { Hub, Peer } from '@holdfast/server'
import { createTestPair } from '@holdfast/testing'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { bound, growthOf } from './growth.ts'
import type { Prepare } from './growth.ts'

const count = 625

interface Queue {
  readonly outbox: Outbox<string>
  /** Fires all timers that are set. */
  expire(): void
  push(count: number, how?: (index: number) => SendOptions): Sent[]
}

/** A queue whose link takes everything or nothing, with a clock on which setting and clearing a timer costs nothing. */
function openQueue(isWritable: () => boolean, options: OutboxOptions = {}): Queue {
  const timers = new Set<() => void>()
  const clock: Clock = {
    now: () => 0,
    wall: () => 0,
    setTimer(callback) {
      timers.add(callback)
      return callback
    },
    clearTimer: (timer) => void timers.delete(timer as () => void),
  }
  const outbox = createOutbox<string>(
    { maxMessages: Infinity, maxBytes: Infinity, ...options },
    () => 1_000,
    {
      bufferedAmount: () => 0,
      isWritable,
      write(message) {
        message.settle({ status: 'sent' })
        return true
      },
    },
    clock,
    () => {},
  )
  return {
    outbox,
    expire: () => timers.forEach((fire) => fire()),
    push: (many, how = () => ({})) =>
      Array.from({ length: many }, (_, index) => outbox.push('x', 1, 'name', how(index))),
  }
}

describe('a message in the queue costs the same, however many there are,', () => {
  const never = (): boolean => false
  const cases: Readonly<Record<string, Prepare>> = {
    'when all of them are written at once'(many) {
      let isOpen = false
      const { outbox, push } = openQueue(() => isOpen)
      push(many)
      return () => {
        isOpen = true
        outbox.flush()
        expect(outbox.size).toBe(0)
      }
    },
    'when they are written one by one'(many) {
      let isOpen = false
      const { outbox, push } = openQueue(() => isOpen && !(isOpen = false))
      push(many)
      return () => {
        while (outbox.size > 0) {
          isOpen = true
          outbox.flush()
        }
      }
    },
    'when they are cancelled, the oldest first'(many) {
      const { outbox, push } = openQueue(never)
      const sent = push(many)
      return () => {
        for (const message of sent) message.cancel()
        expect(outbox.size).toBe(0)
      }
    },
    'when they are cancelled, the newest first'(many) {
      const { outbox, push } = openQueue(never)
      const sent = push(many).toReversed()
      return () => {
        for (const message of sent) message.cancel()
        expect(outbox.size).toBe(0)
      }
    },
    'when all of them are given up'(many) {
      const { outbox, push } = openQueue(never)
      push(many)
      return () => {
        outbox.discard('closed')
        expect(outbox.size).toBe(0)
      }
    },
    'when the latest of each key goes to the end'(many) {
      const { outbox, push } = openQueue(never)
      const how = (index: number): SendOptions => ({ key: String(index) })
      push(many, how)
      return () => {
        push(many, how)
        expect(outbox.size).toBe(many)
      }
    },
    'when the latest of one key goes to the end'(many) {
      const { outbox, push } = openQueue(never)
      push(many)
      return () => {
        push(many, () => ({ key: 'key' }))
        expect(outbox.size).toBe(many + 1)
      }
    },
    'when their time is up'(many) {
      const { outbox, push, expire } = openQueue(never)
      push(many, () => ({ ttl: 1_000 }))
      return () => {
        expire()
        expect(outbox.size).toBe(0)
      }
    },
    'when they push out the oldest'(many) {
      const { outbox, push } = openQueue(never, { maxMessages: many, overflow: 'drop-oldest' })
      push(many)
      return () => {
        push(many)
        expect(outbox.size).toBe(many)
      }
    },
    'when there is no room for more'(many) {
      const { outbox, push } = openQueue(never, { maxMessages: many })
      push(many)
      return () => {
        push(many)
        expect(outbox.size).toBe(many)
      }
    },
  }
  test.each(Object.entries(cases))('%s', async (_, prepare) => {
    expect(await growthOf(prepare, count)).toBeLessThan(bound)
  })
})

describe('a message of a session costs the same, however many are unacknowledged,', () => {
  const message: Outgoing<string> = { body: 'x', bytes: 1, volatile: false, settle() {} }
  function open(many: number): ReturnType<typeof createSession<string>> {
    const end = createSession<string>()
    end.window = [many, many]
    for (let index = 0; index < many; index++) end.number(message)
    return end
  }
  const cases: Readonly<Record<string, Prepare>> = {
    'when they are acknowledged one by one'(many) {
      const end = open(many)
      return () => {
        for (let ack = 1; ack <= many; ack++) end.acknowledge(ack)
        expect(end.unacknowledged).toBe(0)
      }
    },
    'when they are acknowledged while others are sent'(many) {
      const end = open(many)
      return () => {
        for (let ack = 1; ack <= many; ack++) {
          end.acknowledge(ack)
          end.number(message)
        }
        expect(end.unacknowledged).toBe(many)
      }
    },
    'when all of them are acknowledged at once'(many) {
      const end = open(many)
      return () => {
        end.acknowledge(many)
        expect(end.unacknowledged).toBe(0)
      }
    },
    'when they are withdrawn one by one'(many) {
      const end = open(many)
      return () => {
        for (let ack = 1; ack <= many; ack++) {
          end.quarantineOldest()
          end.quarantineOldest()
          end.acknowledge(ack)
        }
        expect(end.unacknowledged).toBe(0)
      }
    },
    'when they are replayed, and the session ends'(many) {
      const end = open(many)
      return () => {
        expect([...end.replay()].length).toBe(many)
        expect(end.end(0, { status: 'unknown', reason: 'session-lost' }).length).toBe(many)
      }
    },
    'when they come in': (many) => {
      const end = open(0)
      return () => {
        for (let seq = 1; seq <= many; seq++) end.accept(seq)
        expect(end.rx).toBe(many)
      }
    },
  }
  test.each(Object.entries(cases))('%s', async (_, prepare) => {
    expect(await growthOf(prepare, count)).toBeLessThan(bound)
  })
})

describe('a listener costs the same, however many there are,', () => {
  const names = (many: number, on: (name: string, listener: () => void) => () => void) => () => {
    const offs = Array.from({ length: many }, (_, index) => on(`name ${index}`, () => {}))
    for (const off of offs) off()
  }
  const cases: Readonly<Record<string, Prepare>> = {
    'on a client, for as many names': (many) => names(many, createClient({ url: 'ws://localhost' }).on),
    'on a hub, for as many names': (many) => names(many, createHub().on),
  }
  test.each(Object.entries(cases))('%s', async (_, prepare) => {
    expect(await growthOf(prepare, count)).toBeLessThan(bound)
  })

  type Add = (ends: { client: Client; hub: Hub }, called: () => void) => void
  const removing: Add = ({ hub }, called) => {
    const off = hub.on('name', () => {
      called()
      off()
    })
  }
  // The number of events, and whether each calls all listeners.
  test.each<[name: string, from: 'client' | 'peer', add: Add, events: number, callsAll: boolean]>([
    [
      'on a hub, when an event comes for all of one name',
      'client',
      ({ hub }, called) => hub.on('name', called),
      10,
      true,
    ],
    ['on a hub, when each removes itself during an event', 'client', removing, 2, false],
    [
      'on a client, when each is for one event',
      'peer',
      ({ client }, called) => client.once('name', called),
      2,
      false,
    ],
    [
      'on a client, when an event comes for all of one name',
      'peer',
      ({ client }, called) => client.on('name', called),
      10,
      true,
    ],
  ])('%s', async (_, from, add, events, callsAll) => {
    await using stack = new AsyncDisposableStack()
    const prepare: Prepare = async (many) => {
      const pair = stack.use(createTestPair({ createClient, createHub, wire: session() }))
      const joined = new Promise<Peer>((resolve) => pair.hub.onPeer(resolve))
      await pair.open()
      const peer = await joined
      let called = 0
      for (let index = 0; index < many; index++) add(pair, () => called++)
      return async () => {
        for (let event = 0; event < events; event++) (from === 'client' ? pair.client : peer).send('name')
        await pair.settle()
        expect(called).toBe(callsAll ? events * many : many)
      }
    }
    expect(await growthOf(prepare, callsAll ? count : 2 * count)).toBeLessThan(bound)
  })
})
