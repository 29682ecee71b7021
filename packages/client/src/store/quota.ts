import type { Database, Task, Writable } from './database.ts'

/** How many messages in a row have to be refused before the rest of a transaction is not tried one by one. */
const maxRefusals = 4

/**
 * Writes the tasks in one transaction. Without space for all, deletions go first, then as many of the others as there is space
 * for; `refused` is called for the rest.
 */
export async function writeTasks(
  target: Database,
  tasks: readonly Task[],
  refused: (item: Writable, cause: unknown) => void,
): Promise<void> {
  if (tasks.length === 0) return
  try {
    await attempt(target, tasks)
  } catch (error) {
    if (!isQuota(error)) throw error
    await attempt(
      target,
      tasks.filter(({ item, value }) => !item || !value),
    )
    await writeHalves(
      target,
      tasks.filter(({ item, value }) => item && value),
      refused,
    )
  }
}

async function attempt(target: Database, tasks: readonly Task[]): Promise<void> {
  if (tasks.length === 0) return
  await target.write(
    tasks,
    tasks.some(({ item }) => item?.isStrict),
  )
}

async function writeHalves(
  target: Database,
  all: readonly Task[],
  refused: (item: Writable, cause: unknown) => void,
): Promise<void> {
  let refusals = 0
  let noSpace: unknown
  const rest = [all]
  for (let tasks = rest.pop(); tasks; tasks = rest.pop()) {
    const isHopeless = refusals >= maxRefusals
    try {
      if (isHopeless) throw noSpace
      await attempt(target, tasks)
      refusals = 0
    } catch (error) {
      if (!isQuota(error)) throw error
      const half = tasks.length >> 1
      if (half > 0 && !isHopeless) rest.push(tasks.slice(half), tasks.slice(0, half))
      else {
        refusals++
        noSpace = error
        for (const { item } of tasks) {
          item!.isWritten = false
          refused(item!, error)
        }
      }
    }
  }
}

function isQuota(error: unknown): boolean {
  return (error as { readonly name?: string } | undefined)?.name === 'QuotaExceededError'
}
