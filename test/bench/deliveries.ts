// CPU time of the server per delivery of one publication to all subscribers of a channel, against a loop that writes one prepared frame
// to as many sockets of a bare `ws` server. Both servers are in one process and send in turns, so that what else the machine does
// affects both alike; `channels.ts` compares fresh processes, and Socket.IO with them. `--count=1000` is one size.
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { bareServer, channel, listen, openHub } from './channel-servers.ts'
import { launch, roleOf, tell } from './child.ts'
import { median, print, quantile } from './figures.ts'
import { message } from './flood-server.ts'

const ways = ['frame', 'hub'] as const
type Way = (typeof ways)[number]
/** With a limit of 20,000 open files, there are no more than this for each way. */
const counts = [1_000, 9_000]
const warmup = 10
const measured = 40

const role = roleOf()
if (role) tell(await measure(Number(role[0])))
else await main()

async function main(): Promise<void> {
  const asked = Number(process.argv.find((argument) => argument.startsWith('--count='))?.slice(8) ?? 0)
  for (const count of asked ? [asked] : counts) {
    await using child = await launch<Record<Way, number[]>>(import.meta.filename, String(count))
    const { frame, hub } = child.first
    const ratios = hub.map((value, index) => value / frame[index]!)
    const spread = `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`
    print(
      `CPU per delivery to ${count.toLocaleString()} subscribers, ${measured} publications each in turns`,
      ['', 'µs', 'median of ratios', 'quartiles'],
      [
        ['ws, one prepared frame', median(frame).toFixed(2), '', ''],
        ['holdfast, a channel', median(hub).toFixed(2), median(ratios).toFixed(2), spread],
      ],
    )
  }
}

/** The microseconds per delivery of each publication, in turns. */
async function measure(count: number): Promise<Record<Way, number[]>> {
  const servers = { frame: createServer(), hub: createServer() }
  const room = openHub(servers.hub).channel(channel)
  const publish = { frame: bareServer(servers.frame, 'frame'), hub: () => room.publish('chat', message) }
  const subscribers = join(import.meta.dirname, 'channels.ts')
  const samples: Record<Way, number[]> = { frame: [], hub: [] }
  const start = async (way: Way) =>
    launch<unknown>(subscribers, 'subscribers', way, String(await listen(servers[way])), String(count))
  await using frame = await start('frame')
  await using hub = await start('hub')
  const clients = { frame, hub }

  for (let round = 0; round < warmup + measured; round++)
    for (const way of round % 2 ? ways.toReversed() : ways) {
      const all = clients[way].next()
      const before = process.cpuUsage()
      await publish[way]()
      await nextTurn()
      const { user, system } = process.cpuUsage(before)
      await all
      if (round >= warmup) samples[way].push((user + system) / count)
    }
  return samples
}
