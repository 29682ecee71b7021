import type { ChannelAction, Plan, Step } from './plan.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** Names are data, whatever they are. */
const names = ['room:1', 'room:__proto__', 'brief:1', 'live']

/** Adds channels to a plan, for every second seed. The rest of the plan stays as it is. */
export function drawChannels({ seed, setting, steps }: Plan): Plan {
  const random = createRandom(seed, 2)
  if (random.chance(0.5)) return { seed, setting, steps }
  const channels = {
    maxMessages: random.pick([1, 5, 100]),
    rewind: random.pick([0, 0, 1]),
    broker: createRandom(seed, 3).chance(0.4) ? ('lossy' as const) : ('memory' as const),
  }
  const places = setting.clients.length
  const own = names.slice(0, random.between(1, names.length))
  const at = (action: ChannelAction, wait = 0): Step => ({ wait, client: random.below(places), action })
  const begin = setting.clients.flatMap((_, client) =>
    own
      .filter(() => random.chance(0.8))
      .map((channel): Step => ({ wait: 0, client, action: { do: 'enter', channel, goesOn: false } })),
  )
  const rate = random.pick([0.2, 0.6, 1])
  const rest = steps.flatMap((step) =>
    random.chance(rate) ? [step, at(drawAction(random, own), random.pick([0, 0, 0, 2, 30]))] : [step],
  )
  return {
    seed,
    setting: { ...setting, server: { ...setting.server, channels } },
    steps: [...begin, ...rest],
  }
}

function drawAction(random: Random, channels: readonly string[]): ChannelAction {
  const channel = random.pick(channels)
  switch (random.below(12)) {
    case 0:
      return { do: 'enter', channel, goesOn: random.chance(0.5) }
    case 1:
      return { do: 'exit', channel }
    case 2:
      return random.chance(0.3)
        ? { do: 'kick', channel }
        : { do: 'enter', channel, goesOn: random.chance(0.5) }
    default:
      return {
        do: 'publish',
        from: random.pick(['client', 'server'] as const),
        channel,
        count: random.chance(0.7) ? 1 : random.scale(1, 30),
      }
  }
}
