/**
 * What costs as much for each, however many there are, makes 16, and up to 50 where memory gets slower with size. What looks
 * at all the others for each makes 256.
 */
export const bound = 128

/** Prepares that many, and returns what is measured. */
export type Prepare = (count: number) => (() => unknown) | Promise<() => unknown>

/**
 * How many times as much time of the CPU it takes for 16 × `count` as for `count`, each at its best: on a busy machine
 * caches are cold now and then, so a bad figure is measured again.
 */
export async function growthOf(prepare: Prepare, count: number): Promise<number> {
  let [once, more] = [Infinity, Infinity]
  for (let round = 0; round < 5 || (round < 20 && more / once >= bound); round++) {
    once = Math.min(once, await timeOf(prepare, count))
    more = Math.min(more, await timeOf(prepare, 16 * count))
  }
  return more / once
}

async function timeOf(prepare: Prepare, count: number): Promise<number> {
  const run = await prepare(count)
  const begun = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(begun)
  return user + system
}
