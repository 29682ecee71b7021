// Publications between two hubs by way of a real Redis, beside what node-redis can do alone:
//
//   node --conditions=@holdfast/source test/bench/redis.ts
import { redis } from '@holdfast/redis'
import type { BrokerNode, LogBounds } from '@holdfast/server'
import { RedisServer } from '../support/redis-server.ts'

const bounds: LogBounds = { maxMessages: 100, maxBytes: 1_000_000, maxAge: 3_600_000 }
const text = `,"message",{"text":"${'x'.repeat(100)}"},{`
const single = 1_000
const many = 20_000
const underWay = 200

await using server = await RedisServer.start()
/** What is called for each publication that arrives. */
let arrived = (_id: string): void => {}
const [sender, receiver] = [node(() => {}), node((id) => arrived(id))]
const raw = { publisher: await server.client.connect(), subscriber: await server.client.connect() }

const rows: Record<string, Record<string, number>> = {}
for (const count of [1, 1_000]) {
  const channels = Array.from({ length: count }, (_, index) => `room:${count}:${index}`)
  await Promise.all(channels.map((channel) => receiver.subscribe(channel)))
  const publish = (channel: string, id: string): Promise<unknown> =>
    sender.append(channel, { id, text }, bounds)
  const before = await bytesAndCommands()
  rows[`hubs, ${count} channel(s)`] = await measure(channels, publish)
  const after = await bytesAndCommands()
  const perPublication = (after.bytes - before.bytes) / (single + many)
  rows[`hubs, ${count} channel(s)`]!['bytes to Redis each'] = Math.round(perPublication)
  await raw.subscriber.sSubscribe(channels[0]!, (id) => arrived(id.slice(0, id.indexOf(' '))))
  for (const channel of channels.slice(1))
    await raw.subscriber.sSubscribe(channel, (id) => arrived(id.slice(0, id.indexOf(' '))))
  const publishRaw = (channel: string, id: string): Promise<unknown> =>
    raw.publisher.sPublish(channel, `${id} ${text}`)
  rows[`node-redis pub/sub, ${count} channel(s)`] = await measure(channels, publishRaw)
}
console.table(rows)
for (const opened of [sender, receiver]) await opened.close()
raw.publisher.destroy()
raw.subscriber.destroy()

function node(heard: (id: string) => void): BrokerNode {
  return redis({ client: server.client }).open({
    published: (_channel, _epoch, { id }) => heard(id),
    memberChanged() {},
    reset() {},
  })
}

/** From the call until it arrives at the other node: one by one, and then as many as possible. */
async function measure(
  channels: readonly string[],
  publish: (channel: string, id: string) => Promise<unknown>,
): Promise<Record<string, number>> {
  const delays: number[] = []
  for (let n = 0; n < single; n++) {
    const begun = performance.now()
    const heard = new Promise<void>((resolve) => (arrived = () => resolve()))
    await Promise.all([publish(channels[n % channels.length]!, `s${n}`), heard])
    delays.push(performance.now() - begun)
  }
  delays.sort((a, b) => a - b)
  let count = 0
  const begun = performance.now()
  const all = new Promise<void>((resolve) => {
    arrived = () => {
      if (++count === many) resolve()
    }
  })
  let next = 0
  const publishOn = async (): Promise<void> => {
    while (next < many) {
      const n = next++
      await publish(channels[n % channels.length]!, `m${n}`)
    }
  }
  await Promise.all([...Array.from({ length: underWay }, publishOn), all])
  const took = performance.now() - begun
  return {
    'median ms': rounded(delays[Math.floor(single / 2)]!),
    'p99 ms': rounded(delays[Math.floor(single * 0.99)]!),
    'publications/s': Math.round((many / took) * 1_000),
  }
}

async function bytesAndCommands(): Promise<{ readonly bytes: number }> {
  const info = String(await server.command('INFO', 'stats'))
  return { bytes: Number(/total_net_input_bytes:(\d+)/.exec(info)?.[1]) }
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100
}
