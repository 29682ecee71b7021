import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HistoryEvent } from '../audit/history.ts'
import { readJournal } from '../audit/journal.ts'
import { steadyNow } from '../audit/merge.ts'
import { freePort } from '../support/port.ts'
import type { Rate } from './traffic.ts'

/** What a server is started with. */
export interface ServerSetup {
  readonly port: number
  /** Which of its lives it is, from 0. */
  readonly life: number
  readonly journal: string
  /** How much it says to each peer. */
  readonly rate: Rate
}

export type ServerOrder = 'quiet' | 'close'

/** A server that lives in one process after the other, on one port. */
export interface ServerProcess extends AsyncDisposable {
  readonly port: number
  readonly lives: number
  start(): Promise<void>
  /** Kills the process. It may be made to hang for a while first, in milliseconds. */
  kill(hang?: number): Promise<void>
  /** Says nothing more, and waits until all that it said is settled. */
  quiet(): Promise<void>
  /** Ends the hub and the process in a proper way. */
  close(): Promise<void>
  /** What all its lives saw, one history each. */
  histories(): HistoryEvent[][]
}

export async function startServerProcess(rate: Rate): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-chaos-'))
  const port = await freePort()
  const deaths: HistoryEvent[] = []
  let lives = 0
  let child: ChildProcess | undefined

  const fileOf = (life: number): string => join(folder, `s${life}.jsonl`)

  const start = async (): Promise<void> => {
    const setup: ServerSetup = { port, life: lives, journal: fileOf(lives), rate }
    lives++
    child = fork(join(import.meta.dirname, 'server.ts'), [JSON.stringify(setup)], {
      execArgv: ['--conditions=@holdfast/source'],
    })
    await hear(child, 'listening')
  }

  const server: ServerProcess = {
    port,
    get lives() {
      return lives
    },
    start,
    async kill(hang = 0) {
      const victim = child
      if (!victim) return
      child = undefined
      if (hang > 0) {
        victim.kill('SIGSTOP')
        await new Promise((resolve) => setTimeout(resolve, hang))
      }
      victim.kill('SIGKILL')
      await once(victim, 'exit')
      deaths.push({ at: steadyNow(), by: `s${lives - 1}`, type: 'killed' })
    },
    async quiet() {
      if (!child) return
      child.send('quiet' satisfies ServerOrder)
      await hear(child, 'quiet')
    },
    async close() {
      const last = child
      if (!last) return
      child = undefined
      last.send('close' satisfies ServerOrder)
      await once(last, 'exit')
    },
    histories: () => [...Array.from({ length: lives }, (_, life) => readJournal(fileOf(life))), deaths],
    async [Symbol.asyncDispose]() {
      await server.kill()
      rmSync(folder, { recursive: true })
    },
  }
  await start()
  return server
}

async function hear(child: ChildProcess, word: string): Promise<void> {
  const end = new AbortController()
  try {
    const [heard] = (await Promise.race([once(child, 'message', end), once(child, 'exit', end)])) as [unknown]
    if (heard !== word) throw new Error(`the server was to say '${word}', and ended with ${String(heard)}`)
  } finally {
    end.abort()
  }
}
