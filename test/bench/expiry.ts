// What it costs the server when many sessions expire at the same time, as after a network has gone: milliseconds of CPU
// until 500, 2,000 and 4,000 of them have ended. The end of each is broadcast to those that are left, as chats do, so
// that messages wait for sessions that are about to end.
//
// Each sample is a process of its own with sockets in memory and a clock that is turned by hand.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createHub } from '@holdfast/server'
import { createVirtualClock } from '@holdfast/testing'
import { roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print } from './figures.ts'
import { MemoryClient } from './memory-client.ts'

const rounds = 3
const counts = ['500', '2000', '4000'] as const
const sessionTimeout = 10_000

const role = roleOf()
if (role) await play(Number(role[0]))
else {
  const samples = await compare(import.meta.filename, counts, rounds)
  print(
    `Milliseconds of CPU for sessions that expire at the same time, medians of ${rounds} rounds`,
    ['sessions', 'all', 'each'],
    counts.map((count) => {
      const time = median(samples[count])
      return [count, time.toFixed(0), (time / Number(count)).toFixed(3)]
    }),
  )
}

async function play(count: number): Promise<void> {
  const clock = createVirtualClock()
  const hub = createHub({ ports: { clock }, sessionTimeout })
  hub.onPeer((peer) => {
    peer.onClose(() => hub.broadcast('left', peer.id))
  })
  const clients = Array.from({ length: count }, () => new MemoryClient(hub))
  await nextTurn()
  for (const client of clients) client.leave()
  if (hub.stats().sessions !== count) throw new Error(`${hub.stats().sessions} sessions, not ${count}`)
  const before = process.cpuUsage()
  await clock.advance(2 * sessionTimeout)
  const { user, system } = process.cpuUsage(before)
  if (hub.stats().sessions > 0) throw new Error(`${hub.stats().sessions} sessions are left`)
  tell((user + system) / 1_000)
}
