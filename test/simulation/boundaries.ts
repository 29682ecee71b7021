import type { Action, Plan, Step } from './plan.ts'
import { drawSetting } from './setting.ts'
import type { Setting } from './setting.ts'
import { createRandom } from './random.ts'
import { runPlan } from './run.ts'

type Break = Extract<Action, { do: 'cut-at' }>

/** Which ends are notified of a break, and when; or that the server has crashed. */
const breaks: readonly Omit<Break, 'do' | 'direction' | 'frames'>[] = [
  { clientNotice: 0, serverNotice: 0 },
  { clientNotice: 0 },
  { serverNotice: 0 },
  { clientNotice: 400, serverNotice: 30_000 },
  { clientNotice: 0, down: 300 },
]

/** A small conversation, of everything there is. */
export function calmPlan(seed: number): Plan {
  const setting = quiet(drawSetting(createRandom(seed, 1)))
  return { seed, setting, steps: conversation(setting) }
}

/**
 * The same, broken at every frame: after the first one of a direction, after the second …, reported to both ends, one of
 * them or neither, or by a crash of the server; and the next connection right after that.
 */
export function* boundaryPlans(
  seed: number,
  frames: Readonly<Record<Break['direction'], number>>,
): Generator<Plan> {
  const calm = calmPlan(seed)
  for (const direction of ['toServer', 'toClient'] as const)
    for (let at = 1; at <= frames[direction]; at++)
      for (const how of breaks)
        for (const next of [[], [1], [2], [3]]) {
          const action: Break = { do: 'cut-at', direction, frames: [at, ...next], ...how }
          yield { ...calm, steps: [{ wait: 0, client: 0, action }, ...calm.steps] }
        }
}

/** How many frames the conversation takes in each direction, if nothing goes wrong. */
export async function countFrames(plan: Plan): Promise<Record<Break['direction'], number>> {
  const frames = { toServer: 0, toClient: 0 }
  let stepsLeft = plan.steps.length
  const { problems } = await runPlan(plan, {
    event() {},
    step: () => void stepsLeft--,
    frame(_, __, text) {
      if (stepsLeft > 0) frames[text.startsWith('──▶') ? 'toServer' : 'toClient']++
    },
  })
  if (problems.length > 0) throw new Error(`the conversation fails by itself: ${problems[0]!.text}`)
  return frames
}

/** The odd clocks and paths that are a matter of chance have their turn elsewhere. */
function quiet({ clients: [first], server }: Setting): Setting {
  const client = { ...first!, timers: 'exact', bytesPerSecond: Infinity, latency: [5, 5] } as const
  return {
    clients: [client],
    server: { ...server, sessionTimeout: 120_000, pingInterval: 25_000, expiresIn: undefined },
  }
}

function conversation({ server }: Setting): Step[] {
  const step = (wait: number, action: Action): Step => ({ wait, client: 0, action })
  const send = (from: 'client' | 'server', count: number, size = 0): Action => ({
    do: 'send',
    from,
    kind: 'event',
    count,
    size,
    wish: 'nothing',
  })
  const ask = (from: 'client' | 'server', wish: 'nothing' | 'wait'): Action => ({
    do: 'ask',
    from,
    size: 0,
    wish,
    timeout: 30_000,
  })
  return [
    step(0, send('client', 3)),
    step(60, send('server', 2)),
    step(3, send('client', 1)),
    step(3, ask('client', 'nothing')),
    step(9, ask('server', 'wait')),
    step(1, { do: 'send', from: 'client', kind: 'binary', count: 1, size: 3_000, wish: 'nothing' }),
    step(0, { do: 'send', from: 'client', kind: 'raw', count: 1, size: 0, wish: 'reply' }),
    step(40, send('server', 20, 400)),
    step(12, send('client', server.window[0] > 100 ? 90 : 12)),
    step(700, send('client', 1)),
    step(0, send('server', 1)),
    step(5_000, ask('client', 'wait')),
    // The end, by which all is said.
    step(3_000, { do: 'wake' }),
  ]
}
