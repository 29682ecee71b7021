import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { channel } from 'holdfast'
import { expect, onTestFinished, test } from 'vitest'
import type { OverloadReport } from './overloaded-client.ts'
import { joined, open, record, startRooms } from './rooms.ts'

const program = join(import.meta.dirname, 'overloaded-client.ts')
/** More than a client keeps that waits to be delivered, several times over. */
const publications = 3_000
/** The joins that a client may send at once, and per second, for a channel that it has: PROTOCOL.md, Channels, rule 1. */
const [burst, rate] = [5, 2]

test('a client that cannot keep up gets every publication once, and its joins cost the hub little and others nothing', async () => {
  const joins: number[] = []
  await using pair = await startRooms(
    {
      ...open,
      subscribe: ({ identity }) => identity !== 'slow' || joins.push(performance.now()) > 0,
      history: { maxMessages: publications },
    },
    { authenticate: ({ request }) => ({ identity: request.url?.endsWith('slow') ? 'slow' : null }) },
  )
  let connections = 0
  pair.hub.watch('open', ({ peer }) => void (peer.identity === 'slow' && connections++))
  const child = fork(program, [`${pair.direct}?slow`, String(publications)], {
    execArgv: ['--conditions=@holdfast/source'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(await once(child, 'message')).toEqual(['joined', undefined])
  const other = pair.client()
  const room = channel(other, 'room:1')
  const got = record(room)
  await other.connect()
  await joined(room)

  const reported = once(child, 'message')
  const numbers = Array.from({ length: publications }, (_, n) => n + 1)
  await Promise.all(numbers.map((n) => pair.hub.channel('room:1').publish('n', n)))
  const [report] = (await reported) as [OverloadReport]
  expect(report).toEqual({ received: publications, faults: [] })
  const seconds = (joins.at(-1)! - joins[0]!) / 1_000
  // Otherwise the client was not overloaded.
  expect(joins.length).toBeGreaterThan(1)
  expect(joins.length).toBeLessThanOrEqual(connections * (1 + burst) + Math.ceil(seconds * rate))
  // Each join brings it on by about what it keeps: it would take hundreds if it delivered nothing of that.
  expect(joins.length).toBeLessThan(50)
  const received = (): unknown[] => got.filter((entry) => typeof entry === 'number')
  await expect.poll(() => received().length).toBe(publications)
  expect(received()).toEqual(numbers)
  // On a busy machine the other client may have to recover as well; it misses nothing.
  expect(got.filter((entry) => String(entry).startsWith('gap'))).toEqual([])
})
