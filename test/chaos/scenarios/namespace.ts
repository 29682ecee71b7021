import { setTimeout as sleep } from 'node:timers/promises'
import type { HistoryEvent } from '../../audit/history.ts'
import { createClients } from '../clients.ts'
import { endTraffic } from '../ending.ts'
import { isInNamespace, openFilteredPath, openProxiedPath } from '../paths.ts'
import type { Path } from '../paths.ts'
import { patience } from '../recorder.ts'
import type { Scenario } from '../scenario.ts'
import { startServerProcess } from '../server-process.ts'

/** Two clients make two hundred messages a second each way. */
const rate = { messages: 100, requests: 5 }

interface Trouble {
  readonly name: string
  /** How long it lasts, in seconds. */
  readonly seconds: number
  /** False where the path cannot do that. */
  begin(path: Path): Promise<unknown>
}

const troubles: readonly Trouble[] = [
  { name: '5 % loss', seconds: 6, begin: (path) => path.lose(5) },
  { name: 'black hole', seconds: 4, begin: (path) => path.blackHole('both') },
  { name: 'half-open to the server', seconds: 4, begin: (path) => path.blackHole('toServer') },
  { name: 'half-open to the client', seconds: 4, begin: (path) => path.blackHole('toClient') },
  { name: 'RST', seconds: 1, begin: (path) => path.reset() },
  { name: 'long black hole', seconds: 12, begin: (path) => path.blackHole('both') },
]
const cleanSeconds = 2

/** Whatever happens on the path, the session holds: nothing is lost at all. */
export const namespace: Scenario = {
  name: 'namespace',
  seconds: 600,
  async run({ seconds, say }) {
    await using server = await startServerProcess(rate)
    await using path = await (isInNamespace ? openFilteredPath(server.port) : openProxiedPath(server.port))
    say(`through ${path.about}, for ${seconds} s`)
    await using clients = createClients({
      count: 2,
      url: () => `${path.url}/ws`,
      options: { backoff: { baseDelay: 300, maxDelay: 1_000 } },
    })
    clients.start(rate)

    const had: Record<string, number> = {}
    // A short run has less of each.
    const share = Math.min(1, seconds / 45)
    const until = performance.now() + seconds * 1_000
    for (let turn = 0; performance.now() < until; turn++) {
      await sleep(cleanSeconds * share * 1_000)
      const trouble = troubles[turn % troubles.length]!
      if ((await trouble.begin(path)) === false) {
        if (turn < troubles.length) say(`${path.about} has no ${trouble.name}: left out`)
        continue
      }
      had[trouble.name] = (had[trouble.name] ?? 0) + 1
      await sleep(trouble.seconds * share * 1_000)
      await path.heal()
    }

    const endFaults = await endTraffic(clients, server)
    const histories = [clients.history, ...server.histories()]
    const faults = [...endFaults, ...lostSessions(histories), ...lostAnswers(histories)]
    const troublesHad = Object.entries(had).map(([name, count]) => `${name} ${count}`)
    return {
      histories,
      faults,
      figures: { path: path.about, seconds, troubles: troublesHad.join(', ') },
    }
  },
}

type Histories = readonly (readonly HistoryEvent[])[]

function lostSessions(histories: Histories): string[] {
  const losses = histories.flat().filter(({ type }) => type === 'lost')
  return losses.map(({ by }) => `${by} lost a session that its server holds`)
}

/** Some requests are given little time. What times out later than that has waited for an answer that was lost. */
function lostAnswers(histories: Histories): string[] {
  const askedAt = new Map<number, number>()
  const lost: string[] = []
  for (const event of histories.flat())
    if (event.type === 'sent' && event.kind === 'request') askedAt.set(event.id, event.at)
    else if (event.type === 'answered' && event.code === 'timeout')
      if (event.at - askedAt.get(event.id)! > patience / 2)
        lost.push(`request ${event.id} of ${event.by} has waited for nothing`)
  return lost
}
