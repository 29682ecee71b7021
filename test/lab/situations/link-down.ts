// In a process of its own, because that is what gets a network namespace.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFarBrowserPath, unshared } from '../link.ts'
import type { Figures } from '../measure.ts'
import { subjects } from '../subjects.ts'
import type { SubjectEntry } from '../subjects.ts'
import { undergo } from './situation.ts'

/** Takes the link between the browser and the server down for 30 s. */
export async function takeLinkDown({ name }: SubjectEntry): Promise<Figures> {
  const [command, ...args] = [...unshared, process.execPath, ...process.execArgv, import.meta.filename, name]
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let figures: Figures | undefined
  child.on('message', (message) => {
    figures = message as Figures
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (!figures) throw new Error(`the browser at the other end of the link: exit ${code}`)
  return figures
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
  process.once('disconnect', () => process.exit())
  const figures = await main(subjects.find(({ name }) => name === process.argv[2])!)
  process.send!(figures, () => process.disconnect())
}
