import { setTimeout as sleep } from 'node:timers/promises'
import { figuresOf } from '../measure.ts'
import { setScene, until } from '../scene.ts'
import { connected, undergo } from './situation.ts'
import type { Situation } from './situation.ts'

/** Things that happen to pages. */
export const pageSituations: readonly Situation[] = [
  {
    name: 'freeze',
    title: 'A page that is frozen for 6 s',
    about:
      'The tab is hidden and frozen, and 6 s later unfrozen and in front again, while the server sends a ' +
      'message a second, and so does the page while it runs. Counted from when the page continues.',
    rounds: 5,
    needed: 1,
    limit: 60_000,
    run(subject) {
      return undergo(subject, {
        limit: 60_000,
        feed: 1_000,
        async fault({ browser }, { tab }) {
          const other = await browser.tab()
          const from = Date.now()
          await tab.freeze()
          await sleep(6_000)
          const goesOn = Date.now()
          await tab.unfreeze()
          await tab.front()
          await other.close()
          return { from, awake: goesOn, until: goesOn }
        },
      })
    },
  },

  {
    name: 'bfcache',
    title: 'Away and back by the back button',
    about:
      'The tab goes to another page of the same site for 5 s, and back, which restores the page from the ' +
      'back-forward cache. The server sends a message a second meanwhile. Counted from the return.',
    rounds: 5,
    needed: 1,
    limit: 60_000,
    run(subject) {
      return undergo(subject, {
        limit: 60_000,
        feed: 1_000,
        async fault({ site }, { tab, journal }) {
          const from = Date.now()
          await tab.open(site.away)
          await sleep(5_000)
          const back = Date.now()
          await tab.back()
          const { life } = await journal()
          if (!life.some(([event]) => event === 'pageshow persisted'))
            throw new Error(`the page was not in the cache: ${tab.notRestoredReasons.join()}`)
          return { from, awake: back, until: back }
        },
      })
    },
  },

  {
    name: 'hidden',
    title: 'Hidden for 4 min',
    about:
      'Another tab is in front for 4 min, and no messages are sent: Chromium then runs timers of the page once ' +
      'a minute. Nothing is wrong, so a client should notice nothing and replace no connection. At the end, ' +
      'still hidden, the server sends a request: recovery is how long the answer took.',
    rounds: 1,
    isIdle: true,
    needed: 0,
    limit: 30_000,
    async run(subject) {
      await using scene = await setScene(subject)
      const visit = await scene.visit()
      const since = await connected(scene, visit)
      await scene.browser.tab()
      const from = Date.now()
      await sleep(240_000)
      const asked = Date.now()
      scene.server.send(1, true)
      const n = scene.server.sent.length
      const answered = (): number | undefined => scene.server.answers(visit.id).find(([m]) => m === n)?.[1]
      await until(() => answered() !== undefined, 30_000, 10)
      const at = answered()
      const figures = figuresOf(await visit.journal(), scene.server, visit.id, { since, from, until: asked })
      return { ...figures, recovered: at && at - asked }
    },
  },

  {
    name: 'csp',
    title: 'A page that may not connect',
    about:
      'The Content Security Policy of the page forbids the connection. No recovery is possible; the table shows ' +
      'the cause that the client reports after 15 s.',
    rounds: 1,
    needed: 0,
    limit: 15_000,
    without: ['recovered', 'toServer', 'toClient'],
    async run(subject) {
      await using scene = await setScene(subject)
      const from = Date.now()
      const visit = await scene.visit({ csp: true })
      await sleep(15_000)
      const journal = await visit.journal()
      const why = journal.states.findLast(({ state }) => state === 'down')?.why
      return { ...figuresOf(journal, scene.server, visit.id, { since: from, from, until: from }), why }
    },
  },

  {
    name: 'reload',
    title: 'A reload with 50 queued messages',
    about:
      'The server is down, the page sends 50 messages, and is reloaded. After one failed dial, the server is ' +
      'back. Recovery is counted from then.',
    rounds: 6,
    needed: 1,
    limit: 60_000,
    without: ['noticed', 'toClient'],
    run(subject) {
      return undergo(subject, {
        limit: 60_000,
        feed: 0,
        async fault({ proxy }, { tab, journal, send }) {
          const from = Date.now()
          proxy.refuse()
          proxy.cut()
          const isDown = async (): Promise<boolean> =>
            (await journal()).states.some(({ at, state }) => state === 'down' && at >= from)
          await until(isDown, 10_000)
          await send(50)
          // Long enough for clients that keep them.
          await sleep(500)
          const before = await journal()
          await tab.reload()
          await until(isDown, 10_000)
          await proxy.accept()
          return { from, until: Date.now(), before }
        },
      })
    },
  },
]
