import { setTimeout as sleep } from 'node:timers/promises'
import type { Clients } from './clients.ts'
import type { ServerProcess } from './server-process.ts'

/** How long it may take until everything is settled once nothing goes wrong any more, in milliseconds. */
const patience = 30_000

/** Ends a run without further faults, once all is settled. Returns what was wrong. */
export async function endTraffic(clients: Clients, server: ServerProcess): Promise<string[]> {
  const late = new AbortController()
  const settled = settle(clients, server).then(() => true)
  const isSettled = await Promise.race([settled, sleep(patience, false, late)])
  late.abort()
  await clients.dispose()
  if (isSettled) {
    await server.close()
    return []
  }
  // Its journal tells the rest.
  await server.kill()
  return [`not everything was settled ${patience / 1_000} s after the last fault`]
}

async function settle(clients: Clients, server: ServerProcess): Promise<void> {
  clients.quiet()
  await clients.settled()
  // One client goes in the middle of what both ends have to say.
  const [first] = clients.all
  for (let count = 0; count < 10; count++) first?.speaker.speak()
  await clients.dispose(first)
  await clients.settled()
  await server.quiet()
}
