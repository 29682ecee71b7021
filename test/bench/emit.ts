// What is left without a network: one event handed to 1 and to 10 listeners, and the whole way of one 100-byte event
// through a client in and out, next to the least that does the same. Wall time.
//
// The emitters are context: mitt and eventemitter3 let one listener that throws keep the event from the others, the
// Map of arrays does not, and neither does holdfast. Its client stands on a socket in memory.
import { createClient } from 'holdfast'
import { EventEmitter } from 'eventemitter3'
import mitt from 'mitt'
import { roleOf, tell } from './child.ts'
import { compare } from './compare.ts'
import { median, print } from './figures.ts'
import { event } from './flood-server.ts'
import { MemorySocket } from './memory-socket.ts'

const rounds = 5
const warmup = 200_000
const measured = 1_000_000
const emitters = ['mitt', 'eventemitter3', 'isolating Map'] as const
const inbound = ['JSON.parse and Map', 'holdfast in'] as const
const outbound = ['JSON.stringify', 'holdfast out'] as const
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
  let calls = 0
  // A function of its own for each, as in an application.
  const listeners = Array.from({ length: count }, (): Listener => () => void calls++)
  const emit = await prepare(name, listeners)
  for (let index = 0; index < warmup; index++) emit()
  const start = performance.now()
  for (let index = 0; index < measured; index++) emit()
  const time = performance.now() - start
  if (calls !== (warmup + measured) * count) throw new Error(`${name} made ${calls} calls`)
  tell((time * 1e6) / measured)
}

async function prepare(name: Role, listeners: readonly Listener[]): Promise<() => void> {
  const frame = JSON.stringify(event)
  const { from, room, text, at } = event
  switch (name) {
    case 'mitt': {
      const emitter = mitt<Record<string, unknown>>()
      for (const listener of listeners) emitter.on('chat', listener)
      return () => emitter.emit('chat', event)
    }
    case 'eventemitter3': {
      const emitter = new EventEmitter()
      for (const listener of listeners) emitter.on('chat', listener)
      return () => emitter.emit('chat', event)
    }
    case 'isolating Map': {
      const map = new Map([['chat', listeners]])
      return () => dispatch(map, 'chat', event)
    }
    case 'JSON.parse and Map': {
      const map = new Map([['chat', listeners]])
      return () => {
        const data = JSON.parse(frame) as typeof event
        dispatch(map, data.type, data)
      }
    }
    case 'holdfast in': {
      const client = createClient({ url: 'ws://localhost', WebSocket: MemorySocket })
      for (const listener of listeners) client.on('chat', listener)
      await client.connect()
      const message = { data: frame }
      return () => MemorySocket.last!.onmessage!(message as never)
    }
    case 'JSON.stringify': {
      const socket = new MemorySocket()
      return () => socket.send(JSON.stringify({ type: 'chat', from, room, text, at }))
    }
    case 'holdfast out': {
      const client = createClient({ url: 'ws://localhost', WebSocket: MemorySocket })
      await client.connect()
      return () => {
        client.send('chat', { from, room, text, at })
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
