import type { Clock } from '@holdfast/protocol'
import type { Broker, BrokerListener } from '@holdfast/server'
import type { Random } from './random.ts'
import { WishedError } from './wishes.ts'

/** How long a call and its answer or a delivery take, in milliseconds. */
const delays = [0, 0, 2, 40, 300] as const
/** How likely a call fails, before it has an effect or after it. */
const failure = 0.03
/** How likely a delivery is lost with the connection that was to bring it, and when that is renewed, in milliseconds. */
const loss = 0.05
const renewal = [100, 2_000] as const

/** Calls back later, and in order for each channel. Those of different channels overtake each other. */
type Later = (channel: string, run: () => void) => void

/** Calls over a path that is slow and fails, in order for each key. */
export interface LossyCalls {
  call<T>(key: string, run: () => Promise<T>): Promise<T>
  /** Resolves when all have ended. */
  ended(): Promise<unknown>
}

export function createLossyCalls(clock: Clock, random: Random): LossyCalls {
  const [calls, answers] = [createLater(clock, random), createLater(clock, random)]
  const open = new Set<Promise<unknown>>()
  return {
    call<T>(key: string, run: () => Promise<T>): Promise<T> {
      const [failsBefore, failsAfter] = [random.chance(failure), random.chance(failure)]
      const result = new Promise<T>((resolve, reject) => {
        calls(key, () => {
          const done = failsBefore ? Promise.reject(new WishedError()) : run()
          answers(key, () => (failsAfter ? reject(new WishedError()) : resolve(done)))
          done.catch(() => {})
        })
      })
      const ended: Promise<unknown> = result.catch(() => {}).then(() => open.delete(ended))
      open.add(ended)
      return result
    },
    ended: () => Promise.all(open),
  }
}

function createLater(clock: Clock, random: Random): Later {
  const waiting = new Map<string, (() => void)[]>()
  return (key, run) => {
    const queue = waiting.get(key) ?? []
    waiting.set(key, queue)
    queue.push(run)
    clock.setTimer(() => queue.shift()!(), random.pick(delays))
  }
}

/** A broker that is slow, fails, and loses what it delivers, as one over a network does. */
export function createLossyBroker(broker: Broker, clock: Clock, random: Random): Broker {
  const deliverTo = (listener: BrokerListener): BrokerListener => {
    const later = createLater(clock, random)
    const deliver = (channel: string, run: () => void): void => {
      if (random.chance(loss)) clock.setTimer(() => listener.reset(), random.between(...renewal))
      else later(channel, run)
    }
    return {
      published: (channel, ...rest) => deliver(channel, () => listener.published(channel, ...rest)),
      memberChanged: (channel, ...rest) => deliver(channel, () => listener.memberChanged(channel, ...rest)),
      reset: () => listener.reset(),
    }
  }

  return {
    open(listener) {
      const node = broker.open(deliverTo(listener))
      const { call, ended } = createLossyCalls(clock, random)
      return {
        append: (channel, ...rest) => call(channel, () => node.append(channel, ...rest)),
        subscribe: (channel) => call(channel, () => node.subscribe(channel)),
        unsubscribe: (channel) => node.unsubscribe(channel),
        read: (channel, range) => call(channel, () => node.read(channel, range)),
        setMember: (channel, member) => call(channel, () => node.setMember(channel, member)),
        removeMember: (channel, key) => call(channel, () => node.removeMember(channel, key)),
        parkMember: (channel, ...rest) => call(channel, () => node.parkMember(channel, ...rest)),
        members: (channel) => call(channel, () => node.members(channel)),
        async close() {
          await ended()
          await node.close()
        },
      }
    },
  }
}
