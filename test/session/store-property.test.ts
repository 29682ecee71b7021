import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOrigin } from '../../packages/client/test/support/fake-page.ts'
import { startPair, until, upTo } from './pair.ts'
import { visit } from './store-page.ts'
import type { Visit } from './store-page.ts'

/** What happens to the pages of one origin. Those that live are numbered; one that is not there is not meant. */
type Happening =
  | { readonly do: 'open'; readonly isConnected: boolean }
  | { readonly do: 'send'; readonly page: number; readonly count: number }
  | { readonly do: 'commit' | 'connect' | 'kill' | 'reload' | 'leave' | 'return'; readonly page: number }
  | { readonly do: 'cut' }
  | { readonly do: 'wait'; readonly time: number }

interface Living extends Visit {
  readonly name: string
  sent: number
  committed: number
  isAway: boolean
}

const page = fc.nat({ max: 2 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), isConnected: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), page, count: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('commit', 'commit', 'connect', 'kill', 'reload', 'leave', 'return' as const),
      page,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'cut' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), time: fc.integer({ max: 20, min: 0 }) }),
  },
)

test('whatever becomes of pages and connections, what was committed is delivered once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (happenings) => {
      await using pair = await startPair()
      const origin = createOrigin()
      const got = new Map<string, number[]>()
      pair.hub.on('up', (data) => {
        const [name, number] = data as [string, number]
        const numbers = got.get(name) ?? []
        got.set(name, numbers)
        numbers.push(number)
      })
      const all: Living[] = []
      const living: Living[] = []
      const open = (isConnected: boolean): Living => {
        const visited = visit(pair, origin, { backoff: () => 3 })
        const opened = { ...visited, name: `page ${all.length}`, sent: 0, committed: 0, isAway: false }
        all.push(opened)
        living.push(opened)
        if (isConnected) void opened.client.connect().catch(() => {})
        return opened
      }
      const kill = (index: number): void => living.splice(index, 1)[0]!.kill()

      for (const step of happenings) {
        if (step.do === 'open') {
          if (living.length < 3) open(step.isConnected)
        } else if (step.do === 'cut') pair.proxy.cut()
        else if (step.do === 'wait') await sleep(step.time)
        else {
          const chosen = living[step.page]
          if (!chosen) continue
          const { client, outbox, page: its } = chosen
          if (step.do === 'send' && !chosen.isAway)
            for (let count = step.count; count > 0; count--) client.send('up', [chosen.name, chosen.sent++])
          else if (step.do === 'commit' && !chosen.isAway) {
            const { sent } = chosen
            const committed = outbox
              .committed()
              .then(() => (chosen.committed = Math.max(chosen.committed, sent)))
            // A page that waits for its producer commits when it has it.
            await Promise.race([committed, sleep(20)])
          } else if (step.do === 'connect') void client.connect().catch(() => {})
          else if (step.do === 'kill') kill(step.page)
          else if (step.do === 'reload') {
            kill(step.page)
            open(true)
          } else if (step.do === 'leave' && !chosen.isAway) {
            chosen.isAway = true
            its.event({ type: 'pagehide', persisted: true })
            its.hide()
            its.event({ type: 'visibilitychange' })
          } else if (step.do === 'return' && chosen.isAway) {
            chosen.isAway = false
            its.event({ type: 'pageshow', persisted: true })
          }
        }
      }

      while (living.length > 0) kill(0)
      const last = open(true)
      await until(() => last.client.state.status === 'open')
      let rest = await origin.records('test', 'messages')
      for (let patience = 400; rest.length > 0 && patience > 0; patience--) {
        await sleep(5)
        rest = await origin.records('test', 'messages')
      }
      expect(rest, 'left').toEqual([])
      for (const { name, committed, settled } of all) {
        const numbers = got.get(name) ?? []
        expect(numbers, `${name}: in order, and once`).toEqual([...new Set(numbers)].sort((a, b) => a - b))
        expect(
          upTo(committed).filter((number) => !numbers.includes(number)),
          `${name}: missing`,
        ).toEqual([])
        const wrong = settled.filter(
          (outcome) => !outcome.endsWith('delivered') && !outcome.includes('unknown'),
        )
        expect(wrong, `${name}: outcomes`).toEqual([])
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 40), endOnFailure: true },
  )
})
