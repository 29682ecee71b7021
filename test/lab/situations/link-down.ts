// In a process of its own, because that is what gets a network namespace.
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startFarBrowserPath, unshared } from '../link.ts'
import type { Figures } from '../measure.ts'
import { subjects } from '../subjects.ts'
import type { SubjectEntry } from '../subjects.ts'
import { undergo } from './situation.ts'

/** Takes the link between the browser and the server down for 30 s. */
export async function takeLinkDown({ name }: SubjectEntry): Promise<Figures> {
  const [command, ...args] = [...unshared, process.execPath, ...process.execArgv, import.meta.filename, name]
  const { stdout } = await promisify(execFile)(command!, args)
  return JSON.parse(stdout) as Figures
}

async function main(subject: SubjectEntry): Promise<Figures> {
  await using path = await startFarBrowserPath()
  return await undergo(subject, {
    limit: 90_000,
    isDirect: true,
    host: path.host,
    within: path.within,
    async fault() {
      const from = Date.now()
      await path.down()
      await sleep(30_000)
      await path.up()
      return { from, until: Date.now() }
    },
  })
}

if (import.meta.main) {
  const figures = await main(subjects.find(({ name }) => name === process.argv[2])!)
  process.stdout.write(JSON.stringify(figures))
}
