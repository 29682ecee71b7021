// What is left without a network: one event handed to 1 and to 10 listeners, and the whole way of one 100-byte event
// through a client in and out, next to the least that does the same. CPU time.
//
// The emitters are context: mitt and eventemitter3 let one listener that throws keep the event from the others, the
// Map of arrays does not, and neither does holdfast. Its clients stand on sockets in memory, and on the session wire they
// get as many acks as a server sends. Packed are 140 events in a message, and 100 are sent in a turn.
import { setTimeout as nextTurn } from 'node:timers/promises'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { EventEmitter } from 'eventemitter3'
import mitt from 'mitt'
import { roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print } from './figures.ts'
import { event, message } from './flood-server.ts'
import { MemorySessionSocket, MemorySocket } from './memory-socket.ts'

const rounds = 5
const warmup = 210_000
const measured = 980_000
/** How many events are in a pack, and how many are sent in one turn of the event loop. */
const perPack = 140
const burst = 100
const emitters = ['mitt', 'eventemitter3', 'isolating Map'] as const
const inbound = ['JSON.parse and Map', 'plain() in', 'session() in', 'session() in, packed'] as const
const outbound = ['JSON.stringify', 'plain() out', 'session() out'] as const
const roles = [...emitters, ...inbound] as const
type Role = (typeof roles)[number] | (typeof outbound)[number]
type Listener = (value: unknown) => void

const role = roleOf()
if (role) await play(role[0] as Role, Number(role[1]))
else await main()

async function main(): Promise<void> {
  const one = await compare(import.meta.filename, roles, rounds, '1')
  const ten = await compare(import.meta.filename, roles, rounds, '10')
  print(
    `Nanoseconds per event, ${rounds} rounds of ${measured} events`,
    ['', '1 listener', '10 listeners'],
    roles.map((name) => [name, median(one[name]).toFixed(0), median(ten[name]).toFixed(0)]),
  )
  const sent = await compare(import.meta.filename, outbound, rounds, '0')
  print(
    `Nanoseconds per sent event, ${rounds} rounds of ${measured} events`,
    ['', 'median'],
    outbound.map((name) => [name, median(sent[name]).toFixed(0)]),
  )
}

async function play(name: Role, count: number): Promise<void> {
  const seen = { calls: 0, expected: 0 }
  // A function of its own for each, as in an application.
  const listeners = Array.from({ length: count }, (): Listener => () => void seen.calls++)
  const { perCall, act } = await prepare(name, listeners)
  const run = async (events: number): Promise<void> => {
    for (let done = 0; done < events; done += perCall) {
      const acted = act()
      if (acted) await acted
      seen.expected += perCall * count
      // What took long goes on in a later turn.
      while (seen.calls < seen.expected) await nextTurn()
    }
  }
  await run(warmup)
  const before = process.cpuUsage()
  await run(measured)
  const { user, system } = process.cpuUsage(before)
  if (seen.calls !== seen.expected) throw new Error(`${name} made ${seen.calls} calls, not ${seen.expected}`)
  tell(((user + system) * 1_000) / measured)
}

interface Act {
  /** How many events one call is. */
  readonly perCall: number
  act(): void | Promise<void>
}

async function prepare(name: Role, listeners: readonly Listener[]): Promise<Act> {
  const frame = JSON.stringify(event)
  const { from, room, text, at } = message
  const connected = async (Socket: typeof MemorySocket): Promise<Client> => {
    const isSession = Socket === MemorySessionSocket
    const client = createClient({
      url: 'ws://localhost',
      WebSocket: Socket,
      ...(isSession && { wire: session() }),
    })
    for (const listener of listeners) client.on('chat', listener)
    await client.connect()
    return client
  }
  const one = (act: () => void): Act => ({ perCall: 1, act })

  switch (name) {
    case 'mitt': {
      const emitter = mitt<Record<string, unknown>>()
      for (const listener of listeners) emitter.on('chat', listener)
      return one(() => emitter.emit('chat', event))
    }
    case 'eventemitter3': {
      const emitter = new EventEmitter()
      for (const listener of listeners) emitter.on('chat', listener)
      return one(() => void emitter.emit('chat', event))
    }
    case 'isolating Map': {
      const map = new Map([['chat', listeners]])
      return one(() => dispatch(map, 'chat', event))
    }
    case 'JSON.parse and Map': {
      const map = new Map([['chat', listeners]])
      return one(() => {
        const data = JSON.parse(frame) as typeof event
        dispatch(map, data.type, data)
      })
    }
    case 'plain() in': {
      await connected(MemorySocket)
      return one(() => MemorySocket.last!.receive(frame))
    }
    case 'session() in':
    case 'session() in, packed': {
      await connected(MemorySessionSocket)
      const perCall = name === 'session() in' ? 1 : perPack
      const body = `,0,"chat",${JSON.stringify(message)}]`
      let seq = 0
      const next = (): string => `[${++seq}${body}`
      const write = perCall === 1 ? next : () => `[${Array.from({ length: perCall }, next).join(',')}]`
      return { perCall, act: () => MemorySocket.last!.receive(write()) }
    }
    case 'JSON.stringify': {
      const socket = new MemorySocket()
      return one(() => socket.send(JSON.stringify({ type: 'chat', from, room, text, at })))
    }
    case 'plain() out': {
      const client = await connected(MemorySocket)
      return one(() => void client.send('chat', { from, room, text, at }))
    }
    case 'session() out': {
      const client = await connected(MemorySessionSocket)
      let acked = 0
      return {
        perCall: burst,
        async act() {
          for (let index = 0; index < burst; index++) client.send('chat', { from, room, text, at })
          await Promise.resolve()
          while (client.stats().queuedMessages > 0) await nextTurn()
          MemorySocket.last!.receive(`["a",${(acked += burst)}]`)
        },
      }
    }
  }
}

function dispatch(map: Map<string, readonly Listener[]>, name: string, value: unknown): void {
  for (const listener of map.get(name) ?? [])
    try {
      listener(value)
    } catch (error) {
      reportError(error)
    }
}
