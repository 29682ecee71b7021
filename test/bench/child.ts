import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A script that runs in a process of its own, and ends with the scope that holds it. */
export interface Child<T> extends AsyncDisposable {
  /** The first thing that the script sent. */
  readonly first: T
  /** The next thing that it sends. */
  next(): Promise<T>
  /** Sends it something, to which it answers. */
  ask(message: string): Promise<T>
}

const running = new Set<ChildProcess>()
let isWatching = false

// A process that is killed cannot end those that it started. But the channel to it closes, and they end by themselves.
if (process.send) {
  process.once('disconnect', () => process.exit(1))
  process.channel?.unref()
}

/** Starts a script with a role to play; what it says, it says by {@link tell}. */
export async function launch<T>(script: string, ...role: readonly string[]): Promise<Child<T>> {
  const child = fork(script, role)
  endWithThisProcess(child)
  const ended = once(child, 'exit')
  const next = async (): Promise<T> => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(([code]) => {
        throw new Error(`${script} ${role.join(' ')} ended with ${code} before it said anything`)
      }),
    ])
    return message as T
  }
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  try {
    const ask = (message: string): Promise<T> => {
      const answer = next()
      child.send(message)
      return answer
    }
    return { first: await next(), next, ask, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

/** What a script of {@link launch} was started as; undefined when it was started by a user. */
export function roleOf(): readonly string[] | undefined {
  return process.send && process.argv.length > 2 ? process.argv.slice(2) : undefined
}

/** Says something to the process that launched this one. */
export function tell(message: unknown): void {
  process.send!(message)
}

/** Sees to it that a process ends no later than this one, however this one ends. */
export function endWithThisProcess(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
  if (isWatching) return
  isWatching = true
  process.on('exit', () => {
    for (const one of running) one.kill('SIGKILL')
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
}
