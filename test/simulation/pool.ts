import { Worker } from 'node:worker_threads'
import type { Job, Report } from './worker.ts'

/** Runs the jobs in that many threads, and reports each result. Stops starting jobs on request. */
export async function runJobs(
  jobs: Iterable<Job>,
  threads: number,
  done: (report: Report) => boolean,
): Promise<void> {
  const queue = jobs[Symbol.iterator]()
  let goesOn = true

  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url), {
        execArgv: ['--conditions=@holdfast/source'],
      })
      const next = (): void => {
        const { value, done: isOver } = goesOn ? queue.next() : { value: undefined, done: true }
        if (isOver) void worker.terminate().then(() => resolve(), reject)
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, which has no origin
        else worker.postMessage(value)
      }
      worker.on('error', reject)
      worker.on('message', (report: Report) => {
        goesOn = done(report) && goesOn
        next()
      })
      next()
    })

  await Promise.all(Array.from({ length: threads }, work))
}

/** Jobs of so many seeds, in portions. */
export function* seedJobs(from: number, count: number, portion = 50): Generator<Job> {
  for (let at = from; at < from + count; at += portion)
    yield { kind: 'seeds', from: at, count: Math.min(portion, from + count - at) }
}
