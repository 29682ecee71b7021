import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const patience = 120_000

/** Runs a command that ends by itself, and fails with what it printed. */
export async function runToEnd(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(command, { cwd, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command}: exit ${code}\n${output}`)
}

/** The terminals in which something runs. */
export class Servers implements AsyncDisposable {
  readonly #running = new Map<string, ChildProcess>()
  readonly #cwd: string
  readonly #env: NodeJS.ProcessEnv
  #unread = ''
  output = ''

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#cwd = cwd
    this.#env = env
  }

  async start(command: string): Promise<void> {
    const child = spawn(command, {
      cwd: this.#cwd,
      env: this.#env,
      shell: true,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.set(command, child)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        this.output += String(data)
        this.#unread += String(data)
      })
    await once(child, 'spawn')
  }

  async stop(command: string): Promise<void> {
    const child = this.#running.get(command)
    if (child?.pid === undefined) throw new Error(`${command} does not run`)
    this.#running.delete(command)
    const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    // The shell and what it runs.
    if (exit) process.kill(-child.pid, 'SIGKILL')
    await exit
  }

  /** Waits for a line, and reads to its end. */
  async printed(line: string): Promise<void> {
    const end = performance.now() + patience
    for (;;) {
      const lines = this.#unread.split('\n')
      const index = lines.indexOf(line)
      if (index >= 0) {
        this.#unread = lines.slice(index + 1).join('\n')
        return
      }
      if (performance.now() > end) throw new Error(`'${line}' was not printed`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const command of [...this.#running.keys()]) await this.stop(command)
  }
}
