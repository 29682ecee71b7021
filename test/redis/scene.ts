// Two hubs that share a Redis, each with a client in the room, and what tests of trouble do with them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisOptions } from '@holdfast/redis'
import type { HoldfastError } from '@holdfast/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { until } from '../session/pair.ts'
import { RedisServer } from '../support/redis-server.ts'
import { membersOf, startNode, visit } from './nodes.ts'
import type { Node, Visitor } from './nodes.ts'

/** No promise may be rejected without a handler. For all tests of a file. */
export function expectNothingUnhandled(): void {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  beforeAll(() => void process.on('unhandledRejection', note))
  afterAll(() => {
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
}

/** Two hubs, each with a client in the room, which have heard of a first publication. */
export interface Scene extends AsyncDisposable {
  readonly nodes: readonly [Node, Node]
  readonly visitors: readonly [Visitor, Visitor]
}

/** The options of a Redis that keeps its data when it is killed, and of one that does not. */
export const durable = '--appendonly yes --appendfsync always'
export const forgetful = ''

/** The scene on a Redis of its own. */
export async function setUp(redisOptions: string): Promise<Scene & { readonly server: RedisServer }> {
  const server = await RedisServer.start(redisOptions)
  const scene = await setUpOn([server, server])
  return {
    ...scene,
    server,
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

type Source = Pick<RedisServer, 'client'>

/** The scene on what the two hubs have for a Redis. */
export async function setUpOn(
  sources: readonly [Source, Source],
  options: Partial<RedisOptions> = { timeout: 1_000, memberTimeout: 2_000 },
): Promise<Scene> {
  const nodes = [await startNode(sources[0], options), await startNode(sources[1], options)] as const
  const visitors = [await visit(nodes[0].direct), await visit(nodes[1].direct)] as const
  for (const { room } of visitors) room.presence.set('here')
  await publish(nodes[0], 0)
  await until(() => visitors.every(({ got }) => got.length === 1))
  await until(() => visitors.every(seesBoth))
  return {
    nodes,
    visitors,
    async [Symbol.asyncDispose]() {
      for (const visitor of visitors) await visitor[Symbol.asyncDispose]()
      for (const node of nodes) await node[Symbol.asyncDispose]()
    },
  }
}

export async function publish({ hub }: Pick<Node, 'hub'>, ...numbers: number[]): Promise<void> {
  for (const n of numbers) await hub.channel('room:1').publish('n', n, { id: `n${n}` })
}

/** Publishes until it succeeds, under the same id. */
export async function publishAtLast(node: Node, number: number): Promise<void> {
  for (;;) {
    try {
      return await publish(node, number)
    } catch {
      await sleep(50)
    }
  }
}

/** Why a publication fails. */
export async function failure(node: Node, number: number): Promise<string> {
  const error = (await publish(node, number).catch((cause: unknown) => cause)) as HoldfastError | undefined
  return error ? (error.reason ?? error.code) : 'published'
}

/** Connections, requests and events do not need Redis. */
export async function localTrafficGoesOn({ nodes: [node], visitors: [{ client }] }: Scene): Promise<void> {
  node.hub.handle('double', (n) => (n as number) * 2)
  expect(await client.request('double', 21)).toBe(42)
}

/** From here on, numbers only find out whether publications arrive again. */
const firstMarker = 1_000

/** Waits until publications arrive again, and then both see a last one, and both members. */
export async function heals({ nodes, visitors }: Scene, number: number): Promise<void> {
  const hasMarker = ({ got }: Visitor): boolean => got.some((n) => Number(n) >= firstMarker)
  for (let marker = firstMarker; !visitors.every(hasMarker); marker++) {
    await publishAtLast(nodes[1], marker)
    await sleep(100)
  }
  await publishAtLast(nodes[0], number)
  await until(() => visitors.every(({ got }) => got.includes(number)))
  await until(() => visitors.every(seesBoth))
}

/** Others may be there as well. */
function seesBoth(visitor: Visitor): boolean {
  return membersOf(visitor).filter((data) => data === 'here').length === 2
}

/** What a visitor has seen, without the markers. */
export function seen({ got }: Visitor): unknown[] {
  return got.filter((n) => !(Number(n) >= firstMarker))
}
