import type { Client } from 'holdfast'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectNothingLeft } from '../support/leaks.ts'
import { startBrowser } from './browser.ts'
import type { Browser } from './browser.ts'
import { count } from './measure.ts'
import type { Dial } from './page/watch-dials.ts'
import { setScene, until } from './scene.ts'
import type { Scene } from './scene.ts'
import { connected } from './situations/situation.ts'
import { ours } from './subjects.ts'

type Page = typeof globalThis & { readonly client: Client; readonly dials: readonly Dial[] }

expectNothingLeft('all')

describe.concurrent('a page in Chromium', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await startBrowser()))
  afterAll(() => browser[Symbol.asyncDispose]())

  const scene = (wire: keyof typeof ours): Promise<Scene> => setScene(ours[wire], { browser })

  it.each(['both', 'toServer', 'toClient'] as const)(
    'a message written into a dead connection is applied exactly once (%s)',
    async (direction) => {
      await using set = await scene('session')
      const { server, proxy } = set
      const visit = await set.visit()
      await connected(set, visit)
      proxy.rule({ action: 'black-hole', connections: 'open', direction })
      const from = Date.now()
      await visit.send(3)
      server.send(3)
      const { sent } = await visit.journal()

      expect(await until(() => visit.isThrough(from), 60_000)).toBe(true)
      await sleep(1_000)
      const journal = await visit.journal()
      expect(count(sent, server.received(visit.id))).toEqual({ sent: 4, lost: 0, doubled: 0 })
      expect(count(server.sent, journal.received)).toEqual({ sent: 4, lost: 0, doubled: 0 })
      expect(journal.states.map(({ why }) => why)).toEqual([undefined, 'silent', undefined])
      expect(server.accepted).toHaveLength(2)
    },
  )

  it.each(['plain', 'session'] as const)(
    'a page dials again while the server ignores the close of the old connection (%s wire)',
    async (wire) => {
      await using set = await scene(wire)
      const visit = await set.visit()
      await connected(set, visit)
      set.proxy.rule({ action: 'black-hole', connections: 'open' })

      const [waited, others] = await visit.tab.call(async () => {
        const { client, dials } = globalThis as Page
        const decidedAt = performance.now()
        await client.reconnect()
        return [dials[1]!.at - decidedAt, dials[1]!.others] as const
      })
      expect(others, 'the old socket is closing').toEqual([2])
      // The client gives a closing handshake 2 s, and the browser 20 s or more.
      expect(waited).toBeLessThan(2_000)
      // The browser still waits for the close of the old one, which the client said nothing of.
      const old = await visit.tab.call(() => (globalThis as Page).dials[0]!.socket.readyState)
      expect(old).toBe(2)
      expect(set.server.accepted).toHaveLength(2)
    },
  )

  it.each(['plain', 'session'] as const)(
    'all tabs recover from an unanswered dial (%s wire)',
    async (wire) => {
      await using set = await scene(wire)
      set.proxy.rule({ action: 'black-hole', connections: { from: 1, to: 1 } })
      const visits = await Promise.all(['a', 'b'].map((id) => set.visit({ id })))
      const opened = await Promise.all(
        visits.map(({ tab }) =>
          tab.call(async () => {
            const { client, dials } = globalThis as Page
            await client.connect()
            return [performance.now() - dials[0]!.at, dials.map(({ others }) => others)] as const
          }),
        ),
      )
      for (const [, others] of opened) {
        // The dial that follows the one that was given up opens.
        expect(others.length).toBeLessThanOrEqual(2)
        for (const states of others) expect(states, 'none dials twice at once').not.toContain(0)
      }
      const longest = Math.max(...opened.map(([time]) => time))
      expect(longest, 'the browser holds all tabs back').toBeGreaterThan(9_000)
    },
  )

  it.each(['plain', 'session'] as const)(
    'memory stays small when the server does not read, and refused messages are reported (%s wire)',
    async (wire) => {
      await using set = await scene(wire)
      const visit = await set.visit()
      await connected(set, visit)
      const { tab } = visit
      set.server.ignore()
      const before = await tab.heapBytes()
      const [settled, code, buffered] = await tab.call(async () => {
        const { client, dials } = globalThis as Page
        const counts: Record<string, number> = {}
        let last: PromiseLike<unknown> | undefined
        for (let n = 0; n < 100_000; n++) {
          const delivery = client.send('up', { id: 'b', n, pad: `${n}`.padEnd(1_000) })
          void delivery.then((outcome) => {
            const what = 'reason' in outcome ? `${outcome.status} ${outcome.reason}` : outcome.status
            counts[what] = (counts[what] ?? 0) + 1
          })
          last = delivery.orThrow()
          last.then(undefined, () => {})
          // As an application does: in more than one task.
          if (n % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve))
        }
        const thrown = await (last as Promise<unknown>).then(
          () => undefined,
          (error: unknown) => (error as { readonly code: string }).code,
        )
        return [counts, thrown, dials[0]!.socket.bufferedAmount] as const
      })
      const grown = ((await tab.heapBytes()) - before) / 2 ** 20
      expect(code).toBe('undelivered')
      // How much the machine keeps on the way is its own affair.
      expect(settled['undelivered overflow']).toBeGreaterThan(50_000)
      expect(buffered / 2 ** 20, 'MiB in the socket').toBeLessThan(1.1)
      // 100 MB were sent, of which 8 MiB may wait.
      expect(grown, 'MiB of heap').toBeLessThan(24)
    },
  )
})
