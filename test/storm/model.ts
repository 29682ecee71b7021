import { createRandom } from '@holdfast/testing'
import type { Policy } from './policies.ts'
import { latencies } from './random.ts'
import { createDoor } from './server.ts'
import type { Fate, Storm } from './server.ts'
import { createTally } from './tally.ts'
import type { Totals } from './tally.ts'

/** Runs a storm of clients that are nothing but their policy. Ignores hints. */
export function runPolicy(storm: Storm, policy: Policy, fate: Exclude<Fate, 'hint'>): Totals {
  const { clients, seed, returnsAt, patience } = storm
  const random = createRandom(seed)
  const latency = latencies(clients, random)
  const persons = Float64Array.from({ length: clients }, random)
  const failures = new Uint32Array(clients)
  const tally = createTally(clients, returnsAt)
  const door = createDoor(storm, fate, tally)
  const queue = createQueue(clients)

  // What is queued is the moment at which the dial of a client reaches the server.
  const redial = (client: number, now: number): void => {
    const delay = policy.delay(failures[client]!, random, persons[client]!)
    if (delay !== undefined) queue.push(now + delay + latency[client]!, client)
  }

  for (let client = 0; client < clients; client++) redial(client, latency[client]!)
  for (let next = queue.pop(); next && next.at < patience; next = queue.pop()) {
    const { at, item: client } = next
    const heardAt = at + latency[client]!
    const verdict = door.knock(at)
    if (verdict === 'in') tally.back(client, heardAt)
    else if (verdict !== 'refused' || !policy.givesUpWhenRefused) {
      failures[client] = verdict !== 'refused' && policy.forgets ? 0 : failures[client]! + 1
      redial(client, heardAt)
    }
  }
  return tally.totals()
}

interface Queue {
  push(at: number, item: number): void
  pop(): { readonly at: number; readonly item: number } | undefined
}

/** A heap of so many items at most, the earliest first. */
function createQueue(capacity: number): Queue {
  const moments = new Float64Array(capacity)
  const items = new Uint32Array(capacity)
  let size = 0

  return {
    push(at, item) {
      let index = size++
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (moments[parent]! <= at) break
        moments[index] = moments[parent]!
        items[index] = items[parent]!
        index = parent
      }
      moments[index] = at
      items[index] = item
    },
    pop() {
      if (size === 0) return undefined
      const first = { at: moments[0]!, item: items[0]! }
      const at = moments[--size]!
      const item = items[size]!
      let index = 0
      for (;;) {
        let child = 2 * index + 1
        if (child >= size) break
        if (child + 1 < size && moments[child + 1]! < moments[child]!) child++
        if (moments[child]! >= at) break
        moments[index] = moments[child]!
        items[index] = items[child]!
        index = child
      }
      moments[index] = at
      items[index] = item
      return first
    },
  }
}
