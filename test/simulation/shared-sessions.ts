import type { Clock } from '@holdfast/protocol'
import { memory } from '@holdfast/server'
import type { Broker, SessionStoreListener, SessionStoreNode } from '@holdfast/server'
import { createLossyCalls } from './lossy-broker.ts'
import type { Random } from './random.ts'

/** A store of sessions for several processes, over a path that is slow and fails. */
export interface SharedSessions {
  /** The broker of one process. */
  join(): SharedBroker
}

export interface SharedBroker {
  readonly broker: Broker
  /** The process is gone. Its lease ends later. */
  kill(): void
}

/** How long a lease lasts after the death of its process, and how likely a message between processes is lost. */
const lease = 10_000
const loss = 0.1
const delays = [0, 1, 30, 300] as const

export function createSharedSessions(clock: Clock, random: Random): SharedSessions {
  const shared = memory({ now: () => clock.wall(), setTimer: (...timer) => void clock.setTimer(...timer) })
  return {
    join() {
      let isKilled = false
      const nodes: SessionStoreNode[] = []
      const later = (run: () => void): void => {
        if (!random.chance(loss))
          clock.setTimer(() => {
            if (!isKilled) run()
          }, random.pick(delays))
      }
      const listenOver = (listener: SessionStoreListener): SessionStoreListener => ({
        asked: (request) => later(() => listener.asked(request)),
        posted: (session) => later(() => listener.posted(session)),
        lost: (session, token) => later(() => listener.lost(session, token)),
        aborted: (session, requests) => later(() => listener.aborted(session, requests)),
      })
      return {
        broker: {
          open: (listener) => shared.open(listener),
          openSessions(listener) {
            const node = shared.openSessions!(listenOver(listener))
            nodes.push(node)
            return withLossyCalls(node, clock, random)
          },
        },
        kill() {
          isKilled = true
          for (const node of nodes) clock.setTimer(() => void node.close(), lease)
        },
      }
    },
  }
}

function withLossyCalls(node: SessionStoreNode, clock: Clock, random: Random): SessionStoreNode {
  const { call, ended } = createLossyCalls(clock, random)
  return {
    name: node.name,
    get isLasting() {
      return node.isLasting
    },
    begin: (session, ...rest) => call(session, () => node.begin(session, ...rest)),
    take: (session, ...rest) =>
      call(session, async () => {
        const taken = await node.take(session, ...rest)
        // The call by which another process begins it may be under way.
        return taken.status === 'unknown'
          ? { status: 'missing', beginTimeout: lease, hasForgotten: false }
          : taken
      }),
    park: (session, ...rest) => call(session, () => node.park(session, ...rest)),
    end: (session, ...rest) => call(session, () => node.end(session, ...rest)),
    giveBack: (session, ...rest) => call(session, () => node.giveBack(session, ...rest)),
    post: (session, ...rest) => call(session, () => node.post(session, ...rest)),
    readMailbox: (session, ...rest) => call(session, () => node.readMailbox(session, ...rest)),
    abort: (session, ...rest) => call(session, () => node.abort(session, ...rest)),
    interrupt: (session, ...rest) => call(session, () => node.interrupt(session, ...rest)),
    async close() {
      await ended()
      await node.close()
    },
  }
}
