import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redis } from '@holdfast/redis'
import type { RedisOptions } from '@holdfast/redis'
import type { HubOptions } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'
import { readJournal } from '../audit/journal.ts'
import { steadyNow } from '../audit/merge.ts'
import type { Rate } from '../chaos/traffic.ts'
import { redisClient } from '../support/redis-server.ts'
import type { Node, Nodes } from './nodes.ts'

/** What a process is started with. */
export interface NodeSetup {
  readonly life: number
  readonly port: number
  readonly redisPort: number
  readonly redisOptions: Omit<RedisOptions, 'client'>
  readonly hubOptions: Pick<HubOptions, 'sessionTimeout' | 'pingInterval'>
  readonly journal: string
  readonly rate: Rate
}

export type NodeOptions = Partial<Omit<NodeSetup, 'life' | 'journal'>>

export type NodeOrder = 'quiet' | 'close'

/** A node in a process of its own. */
export interface NodeProcess extends Node {
  readonly process: ChildProcess
  /** Kills the process, which may be paused. */
  kill(): Promise<void>
}

export type NodeProcesses = Nodes<NodeProcess, NodeOptions>

/** Processes that share a Redis, and their journals. */
export function createNodes(shared: NodeOptions & { readonly redisPort: number }): NodeProcesses {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-moves-'))
  const all: NodeProcess[] = []
  const running = new Set<NodeProcess>()
  const deaths: HistoryEvent[] = []

  const end = async (node: NodeProcess, how: () => void): Promise<void> => {
    if (!running.delete(node)) return
    const exited = once(node.process, 'exit')
    how()
    await exited
  }
  return {
    async start(options = {}) {
      const life = all.length
      const journal = join(folder, `s${life}.jsonl`)
      const setup: NodeSetup = {
        life,
        journal,
        port: 0,
        redisOptions: {},
        hubOptions: {},
        rate: { messages: 0, requests: 0 },
        ...shared,
        ...options,
      }
      const child = fork(join(import.meta.dirname, 'node.ts'), [JSON.stringify(setup)], {
        execArgv: ['--conditions=@holdfast/source'],
      })
      const port = Number(await hear(child))
      const node: NodeProcess = {
        name: `s${life}`,
        port,
        url: `ws://127.0.0.1:${port}/ws`,
        process: child,
        drain: () => end(node, () => child.kill('SIGTERM')),
        async quiet() {
          child.send('quiet' satisfies NodeOrder)
          await hear(child)
        },
        close: () => end(node, () => child.send('close' satisfies NodeOrder)),
        async kill() {
          await end(node, () => child.kill('SIGKILL'))
          deaths.push({ at: steadyNow(), by: node.name, type: 'killed' })
        },
        history: () => readJournal(journal),
      }
      all.push(node)
      running.add(node)
      return node
    },
    async quiet() {
      await Promise.all([...running].map((node) => node.quiet()))
    },
    async close() {
      await Promise.all([...running].map((node) => node.close()))
    },
    histories: () => [...all.map((node) => node.history()), deaths],
    broker: () => redis({ client: redisClient(shared.redisPort) }),
    async [Symbol.asyncDispose]() {
      for (const node of running) await end(node, () => node.process.kill('SIGKILL'))
      rmSync(folder, { recursive: true })
    },
  }
}

/** The next message of a process. */
async function hear(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const ended = once(child, 'exit', over).then(([code]) => {
    throw new Error(`a node ended with ${String(code)}`)
  })
  try {
    const [message] = (await Promise.race([once(child, 'message', over), ended])) as [unknown]
    return message
  } finally {
    over.abort()
    ended.catch(() => {})
  }
}
