import { expect, it } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectNothingLeft } from '../support/leaks.ts'
import { startBrowser } from './browser.ts'
import { setScene } from './scene.ts'
import { connected } from './situations/situation.ts'
import { ours } from './subjects.ts'

type Page = typeof globalThis & { readonly ticks: number[] }

expectNothingLeft()

it('a hidden page whose timers run once a minute keeps its connection, and answers pings at once', async () => {
  // What comes after five minutes otherwise.
  const flags = ['--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5']
  await using browser = await startBrowser({ flags })
  const pings: number[] = []
  const latencies: number[] = []
  await using held = await setScene(ours.session, {
    browser,
    // It cuts connections that are silent for two of these.
    hub: { pingInterval: 2_000 },
    watch(socket) {
      const send = socket.send.bind(socket) as (data: unknown) => void
      socket.send = (data: unknown) => {
        if (String(data).startsWith('["p"')) pings.push(performance.now())
        send(data)
      }
      socket.on('message', (data: Buffer) => {
        if (data.toString().startsWith('["q"')) latencies.push(performance.now() - pings[latencies.length]!)
      })
    },
  })
  await using beating = await setScene(ours.beating, { browser })
  const scenes = [held, beating]
  const visits = []
  for (const scene of scenes) {
    const visit = await scene.visit()
    await connected(scene, visit)
    // In the window of the page.
    await browser.tab()
    await visit.tab.call(() => {
      const ticks: number[] = []
      setInterval(() => ticks.push(performance.now()), 1_000)
      Object.assign(globalThis, { ticks })
    })
    visits.push(visit)
  }
  await sleep(38_000)

  for (const [index, visit] of visits.entries()) {
    const { states, life } = await visit.journal()
    expect(life.at(-1)![0]).toBe('hidden')
    const [now, ticks] = await visit.tab.call(() => [performance.now(), (globalThis as Page).ticks] as const)
    expect(ticks.filter((at) => at > now - 30_000).length, 'timers are throttled').toBeLessThan(10)
    expect(states.map(({ state }) => state)).toEqual(['open'])
    expect(scenes[index]!.server.accepted).toHaveLength(1)
    await visit.tab.front()
  }
  // All that was late comes now, and the pages look after their connections.
  await sleep(1_500)
  for (const { server } of scenes) expect(server.accepted).toHaveLength(1)
  expect(latencies.length).toBeGreaterThanOrEqual(15)
  // The timers of the page run once a minute.
  expect(Math.max(...latencies)).toBeLessThan(15_000)
})
