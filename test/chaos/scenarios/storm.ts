import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClients } from '../clients.ts'
import { endTraffic } from '../ending.ts'
import type { RecordedClient } from '../clients.ts'
import { steadyNow } from '../../audit/merge.ts'
import type { Scenario } from '../scenario.ts'
import { startServerProcess } from '../server-process.ts'

const count = 1_000
const rate = { messages: 0.5, requests: 0.05 }
/** How long the server is away, in seconds. */
const away = 2
/** After this long no client reconnects any more, in seconds. */
const patience = 60

/** A thousand clients whose server dies and comes back: all of them are back, and the dials are spread. */
export const storm: Scenario = {
  name: 'storm',
  seconds: 10,
  async run({ seconds, say }) {
    const dials: number[] = []
    await using server = await startServerProcess(rate)
    await using clients = createClients({
      count,
      url: () => {
        dials.push(steadyNow())
        return `ws://127.0.0.1:${server.port}/ws`
      },
    })
    say(`${count} clients connect`)
    clients.start(rate)
    await back(clients.all)
    await sleep((seconds * 1_000) / 2)

    dials.length = 0
    const delay = monitorEventLoopDelay()
    delay.enable()
    const killedAt = steadyNow()
    await server.kill()
    await sleep(away * 1_000)
    await server.start()
    const startedAt = steadyNow()
    say('the server is back')
    await back(clients.all)
    const backAt = steadyNow()
    delay.disable()
    await sleep((seconds * 1_000) / 2)

    const isBack = clients.all.filter(({ client }) => client.state.status === 'open').length
    const endFaults = await endTraffic(clients, server)
    return {
      histories: [clients.history, ...server.histories()],
      faults: [...endFaults, ...(isBack < count ? [`${count - isBack} clients are not back`] : [])],
      figures: {
        clients: count,
        back: isBack,
        'all back after': `${((backAt - startedAt) / 1_000).toFixed(1)} s`,
        'dials after the kill': dials.length,
        'most dials in 100 ms': peak(dials, 100),
        // What the clients would have spread comes together when their process is busy.
        'longest block here': `${(delay.max / 1e6).toFixed(0)} ms`,
        'their moment': `${((peakAt(dials, 100) - killedAt) / 1_000).toFixed(1)} s after the kill`,
      },
    }
  },
}

/** Waits until every client is open, or for as long as there is hope. */
async function back(clients: readonly RecordedClient[]): Promise<void> {
  const until = performance.now() + patience * 1_000
  while (performance.now() < until && clients.some(({ client }) => client.state.status !== 'open'))
    await sleep(20)
}

/** The moment from which on the most of them are within a time. */
function peakAt(moments: readonly number[], within: number): number {
  let most = 0
  let at = 0
  let first = 0
  for (const [index, moment] of moments.entries()) {
    while (moments[first]! <= moment - within) first++
    if (index - first + 1 > most) {
      most = index - first + 1
      at = moments[first]!
    }
  }
  return at
}

function peak(moments: readonly number[], within: number): number {
  const at = peakAt(moments, within)
  return moments.filter((moment) => moment >= at && moment < at + within).length
}
