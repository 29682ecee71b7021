import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A script that runs in a process of its own, and ends with the scope that holds it. */
export interface Child<T> extends AsyncDisposable {
  /** The first thing that the script sent. */
  readonly first: T
  /** The next thing that it sends. */
  next(): Promise<T>
}

/** Starts a script with a role to play; what it says, it says by {@link tell}. */
export async function launch<T>(script: string, ...role: readonly string[]): Promise<Child<T>> {
  const child = fork(script, role)
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
  return {
    first: await next(),
    next,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
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
