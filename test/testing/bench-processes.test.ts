import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const parent = join(import.meta.dirname, 'bench-parent.ts')

test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'throws'])(
  'a bench that ends by %s leaves no process behind',
  async (how) => {
    const bench = fork(parent, [how], { execArgv: [], silent: true })
    const [pid] = (await once(bench, 'message')) as [number]
    expect(isRunning(pid)).toBe(true)
    const ended = once(bench, 'exit')
    if (how === 'throws') bench.send('fail')
    else bench.kill(how as NodeJS.Signals)
    await ended
    await expect.poll(() => isRunning(pid)).toBe(false)
  },
)

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
