import { setTimeout as sleep } from 'node:timers/promises'
import { figuresOf } from '../measure.ts'
import type { Figures } from '../measure.ts'
import { setScene, until } from '../scene.ts'
import { takeLinkDown } from './link-down.ts'
import { brisk, undergo } from './situation.ts'
import type { Situation } from './situation.ts'

/** How long a server is away, in seconds: a client with a constant delay would match one of them by chance. */
const absences = [3, 1, 8, 2, 5]

/** Things that happen on the way to the server, and to the server. */
export const pathSituations: readonly Situation[] = [
  {
    name: 'black-hole',
    title: 'A connection that goes dead',
    about:
      'The path of the open connection drops everything from now on, and notifies neither end; new connections ' +
      'work. Ten messages a second in each direction. Counted from the moment that the path went dead, up to 90 ' +
      's.',
    rounds: 1,
    needed: 1,
    limit: 90_000,
    run(subject) {
      return undergo(subject, {
        limit: 90_000,
        async fault({ proxy }) {
          proxy.rule({ action: 'black-hole', connections: 'open' })
          const now = Date.now()
          return { from: now, until: now }
        },
      })
    },
  },

  {
    name: 'stuck',
    title: 'An unanswered dial, in two tabs',
    about:
      'Two tabs of one profile open at once. The first connection that reaches the server gets no answer to its ' +
      'handshake; all others do. Chromium delays the dials of all tabs to a host while one is pending. Counted ' +
      'from when the pages are opened, to when both tabs are connected, up to 60 s.',
    rounds: 3,
    needed: 2,
    limit: 60_000,
    without: ['toServer', 'toClient'],
    async run(subject) {
      await using scene = await setScene(subject)
      scene.proxy.rule({ action: 'black-hole', connections: { from: 1, to: 1 } })
      const from = Date.now()
      const visits = await Promise.all(['a', 'b'].map((id) => scene.visit({ id })))
      scene.server.feed(brisk)
      for (const visit of visits) await visit.feed(brisk)
      for (const visit of visits) await until(() => visit.isThrough(from), from + 60_000 - Date.now())
      const each: Figures[] = []
      for (const { id, journal } of visits)
        each.push(figuresOf(await journal(), scene.server, id, { since: from, from, until: from }))
      // The slower of the two tabs counts.
      const slowest = each.reduce((a, b) => ((a.recovered ?? Infinity) > (b.recovered ?? Infinity) ? a : b))
      const noticed = each.flatMap((figures) => (figures.noticed === undefined ? [] : [figures.noticed]))
      return { ...slowest, noticed: noticed.length > 0 ? Math.min(...noticed) : undefined }
    },
  },

  {
    name: 'offline',
    title: 'Offline for 30 s, emulated',
    about:
      'Chromium’s own emulation: the page receives the events `offline` and later `online`. In between no data ' +
      'passes, but the connection stays open, and all data that was held back passes afterwards. Ten messages a ' +
      'second in each direction. Noticing is counted from the beginning, recovery from the end.',
    rounds: 1,
    needed: 0,
    limit: 60_000,
    run(subject) {
      return undergo(subject, {
        limit: 60_000,
        async fault(_, { tab }) {
          const from = Date.now()
          await tab.offline(true)
          await sleep(30_000)
          await tab.offline(false)
          return { from, until: Date.now() }
        },
      })
    },
  },

  {
    name: 'link-down',
    title: 'Offline for 30 s, for real',
    about:
      'The browser runs in a network namespace of its own, and the interface that leads out of it goes down for ' +
      '30 s, and up again. Ten messages a second in each direction. Noticing is counted from the beginning, ' +
      'recovery from the end.',
    rounds: 1,
    needed: 1,
    limit: 90_000,
    run: takeLinkDown,
  },

  {
    name: 'restart',
    title: 'A server that restarts',
    about:
      'The server closes all connections as a stopping server does, is down for 1, 2, 3, 5 or 8 s, and restarts ' +
      'on the same port without state. Ten messages a second in each direction; the server sends none until a ' +
      'client is connected. Noticing is counted from the stop, recovery from the restart.',
    rounds: 2 * absences.length,
    needed: 1,
    limit: 60_000,
    run(subject, round) {
      return undergo(subject, {
        limit: 60_000,
        isDirect: true,
        async fault({ server }) {
          const from = Date.now()
          await server.stop()
          await sleep(absences[round % absences.length]! * 1_000)
          await server.start()
          return { from, until: Date.now() }
        },
      })
    },
  },
]
