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

/** A broker that is slow, fails, and loses what it delivers, as one over a network does. */
export function createLossyBroker(broker: Broker, clock: Clock, random: Random): Broker {
  const createLater = (): Later => {
    const waiting = new Map<string, (() => void)[]>()
    return (channel, run) => {
      const queue = waiting.get(channel) ?? []
      waiting.set(channel, queue)
      queue.push(run)
      clock.setTimer(() => queue.shift()!(), random.pick(delays))
    }
  }

  const deliverTo = (listener: BrokerListener): BrokerListener => {
    const later = createLater()
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
      const [calls, answers] = [createLater(), createLater()]
      const open = new Set<Promise<unknown>>()
      const call = <T>(channel: string, run: () => Promise<T>): Promise<T> => {
        const [failsBefore, failsAfter] = [random.chance(failure), random.chance(failure)]
        const result = new Promise<T>((resolve, reject) => {
          calls(channel, () => {
            const done = failsBefore ? Promise.reject(new WishedError()) : run()
            answers(channel, () => (failsAfter ? reject(new WishedError()) : resolve(done)))
            done.catch(() => {})
          })
        })
        const ended: Promise<unknown> = result.catch(() => {}).then(() => open.delete(ended))
        open.add(ended)
        return result
      }
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
          await Promise.all(open)
          await node.close()
        },
      }
    },
  }
}
