import { memory } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'
import type { Rate } from '../chaos/traffic.ts'
import { openApp } from './app.ts'
import type { Node, Nodes } from './nodes.ts'

/** Hubs of this process, which share a broker in memory. */
export function createLocalNodes(rate: Rate): Nodes {
  const timers = new Set<NodeJS.Timeout>()
  // Members who are parked leave some time.
  const setTimer = (callback: () => void, delay: number): void => void timers.add(setTimeout(callback, delay))
  const broker = memory({ setTimer })
  const all: Node[] = []
  const running = new Set<Node>()

  const close = async (): Promise<void> => {
    await Promise.all([...running].map((node) => node.close()))
  }
  return {
    async start({ port = 0 } = {}) {
      const history: HistoryEvent[] = []
      const record = (event: HistoryEvent): void => void history.push(event)
      const app = await openApp({ life: all.length, port, broker, record, rate })
      const node: Node = {
        name: `s${all.length}`,
        port: app.port,
        url: `ws://127.0.0.1:${app.port}/ws`,
        async drain() {
          running.delete(node)
          await app.drain()
        },
        quiet: () => app.quiet(),
        async close() {
          running.delete(node)
          await app.close()
        },
        history: () => history,
      }
      all.push(node)
      running.add(node)
      return node
    },
    async quiet() {
      await Promise.all([...running].map((node) => node.quiet()))
    },
    close,
    histories: () => all.map((node) => node.history()),
    broker: () => broker,
    async [Symbol.asyncDispose]() {
      await close()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
