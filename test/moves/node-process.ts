import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedisOptions } from '@holdfast/redis'
import type { HubOptions } from '@holdfast/server'
import type { HistoryEvent } from '../audit/history.ts'
import { readJournal } from '../audit/journal.ts'
import { steadyNow } from '../audit/merge.ts'
import type { Rate } from '../chaos/traffic.ts'

/** What a node is started with. */
export interface NodeSetup {
  /** Unique among all nodes of a test. */
  readonly life: number
  /** 0 for any. */
  readonly port: number
  readonly redisPort: number
  readonly redisOptions: Omit<RedisOptions, 'client'>
  readonly hubOptions: Pick<HubOptions, 'sessionTimeout' | 'pingInterval'>
  readonly journal: string
  readonly rate: Rate
}

export type NodeOrder = 'quiet' | 'close'

/** A node in a process of its own. */
export interface NodeProcess {
  readonly name: string
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
  /** The process is told to end, drains, and ends. */
  drain(): Promise<void>
  quiet(): Promise<void>
  close(): Promise<void>
  /** What its application has seen so far. */
  history(): HistoryEvent[]
}

/** Processes that share a Redis, and their journals. */
export interface Nodes extends AsyncDisposable {
  start(options?: Partial<NodeSetup>): Promise<NodeProcess>
  /** Kills the process of a node, which may be paused. */
  kill(node: NodeProcess): Promise<void>
  quiet(): Promise<void>
  close(): Promise<void>
  histories(): (readonly HistoryEvent[])[]
}

const silent: Rate = { messages: 0, requests: 0 }

export function createNodes(shared: Pick<NodeSetup, 'redisPort'> & Partial<NodeSetup>): Nodes {
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
  const nodes: Nodes = {
    async start(options = {}) {
      const life = all.length
      const setup: NodeSetup = {
        life,
        port: 0,
        redisOptions: {},
        hubOptions: {},
        rate: silent,
        journal: join(folder, `s${life}.jsonl`),
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
        history: () => readJournal(setup.journal),
      }
      all.push(node)
      running.add(node)
      return node
    },
    async kill(node) {
      await end(node, () => node.process.kill('SIGKILL'))
      deaths.push({ at: steadyNow(), by: node.name, type: 'killed' })
    },
    async quiet() {
      await Promise.all([...running].map((node) => node.quiet()))
    },
    async close() {
      await Promise.all([...running].map((node) => node.close()))
    },
    histories: () => [...all.map((node) => node.history()), deaths],
    async [Symbol.asyncDispose]() {
      for (const node of running) await end(node, () => node.process.kill('SIGKILL'))
      rmSync(folder, { recursive: true })
    },
  }
  return nodes
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
