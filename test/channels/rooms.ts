import type { ChannelRules, HubOptions } from '@holdfast/server'
import { channel } from 'holdfast'
import type { Channel, Client } from 'holdfast'
import { startPair, until } from '../session/pair.ts'
import type { Pair } from '../session/pair.ts'

/** Rules that allow everything. */
export const open: ChannelRules = {
  subscribe: () => true,
  publish: () => true,
  history: { maxMessages: 100 },
}
/** The options of a client that dials again soon. */
export const impatient = { backoff: () => 20 }

/** A hub with channels of the kind `room`, and a proxy in front of it. */
export async function startRooms(rules: ChannelRules = {}, options: HubOptions = {}): Promise<Pair> {
  const pair = await startPair(options)
  pair.hub.channels('room', { ...open, ...rules })
  return pair
}

/** Everything that a handle brings, in order. */
export function record(room: Channel): unknown[] {
  const got: unknown[] = []
  room.on('n', (data) => got.push(data))
  room.watch('gap', ({ missed }) => got.push(`gap ${missed}`))
  room.watch('recovered', ({ count }) => got.push(`recovered ${count}`))
  return got
}

export function joined(room: Channel): Promise<void> {
  return until(() => room.state.status === 'joined')
}

/** Publishes from the hub. */
export async function publish({ hub }: Pair, ...numbers: number[]): Promise<void> {
  for (const n of numbers) await hub.channel('room:1').publish('n', n)
}

/** Breaks the path of the proxy, does something, and lets the client come back. */
export async function whileAway({ proxy }: Pair, client: Client, act: () => unknown): Promise<void> {
  await proxy.refuse()
  proxy.cut()
  await until(() => client.state.status !== 'open')
  await act()
  await proxy.accept()
}

/** A client with a room that has received the publication 1, and what it brings from then on. */
export async function enter(
  pair: Pair,
): Promise<{ room: Channel; got: unknown[]; client: ReturnType<Pair['client']> }> {
  const client = pair.client(impatient)
  const room = channel(client, 'room:1')
  const got = record(room)
  await client.connect()
  await joined(room)
  await publish(pair, 1)
  await until(() => got.length === 1)
  got.length = 0
  return { room, got, client }
}
