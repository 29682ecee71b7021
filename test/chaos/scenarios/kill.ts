import { setTimeout as sleep } from 'node:timers/promises'
import { createClients } from '../clients.ts'
import { endTraffic } from '../ending.ts'
import type { Scenario } from '../scenario.ts'
import { startServerProcess } from '../server-process.ts'

const rate = { messages: 50, requests: 5 }

/** The process of the server is killed again and again: losses are reported, and nothing else is lost. */
export const kill: Scenario = {
  name: 'kill',
  seconds: 60,
  async run({ seconds, say }) {
    await using server = await startServerProcess(rate)
    await using clients = createClients({
      count: 4,
      url: () => `ws://127.0.0.1:${server.port}/ws`,
      options: { backoff: { minDelay: 20, baseDelay: 100, maxDelay: 200 } },
    })
    say(`kill -9 for ${seconds} s`)
    clients.start(rate)
    const until = performance.now() + seconds * 1_000
    while (performance.now() < until) {
      await sleep(300 + Math.random() * 1_200)
      // One that hangs first has taken nothing of what its clients wrote last.
      await server.kill(Math.random() < 0.5 ? 0 : Math.random() * 200)
      await server.start()
    }
    const endFaults = await endTraffic(clients, server)
    return {
      histories: [clients.history, ...server.histories()],
      faults: endFaults,
      figures: { seconds, lives: server.lives },
    }
  },
}
