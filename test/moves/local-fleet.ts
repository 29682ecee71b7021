import { memory } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'
import type { Rate } from '../chaos/traffic.ts'
import { upTo } from '../session/pair.ts'
import { openApp } from './app.ts'
import type { App } from './app.ts'
import type { Fleet } from './fleet.ts'

/** Hubs of this process, which share a broker in memory. */
export async function startLocalFleet(size: number, rate: Rate): Promise<Fleet> {
  const broker = memory()
  const histories: HistoryEvent[][] = []
  const nodes: (App | undefined)[] = []
  const ports: number[] = []
  let dials = 0

  const start = async (slot: number): Promise<void> => {
    const history: HistoryEvent[] = []
    const life = histories.push(history) - 1
    const record = (event: HistoryEvent): void => void history.push(event)
    nodes[slot] = await openApp({ life, port: 0, broker, record, rate })
    ports.push(nodes[slot].port)
  }
  const present = (): App[] => nodes.filter((node) => node !== undefined)
  const close = async (): Promise<void> => {
    await Promise.all(present().map((node) => node.close()))
  }

  for (const slot of upTo(size)) await start(slot)
  return {
    about: 'hubs of one process, memory()',
    size,
    url: () => `ws://127.0.0.1:${ports[dials++ % ports.length]}/ws`,
    async replace(slot) {
      const node = nodes[slot]!
      ports.splice(ports.indexOf(node.port), 1)
      await node.drain()
      await start(slot)
    },
    async quiet() {
      await Promise.all(present().map((node) => node.quiet()))
    },
    close,
    histories: () => histories,
    broker: () => broker,
    [Symbol.asyncDispose]: close,
  }
}
