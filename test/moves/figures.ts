import { cpus } from 'node:os'

/** The most moments within a time. */
export function peak(moments: readonly number[], within: number): number {
  const sorted = moments.toSorted((a, b) => a - b)
  let [most, first] = [0, 0]
  for (const [index, moment] of sorted.entries()) {
    while (sorted[first]! <= moment - within) first++
    most = Math.max(most, index - first + 1)
  }
  return most
}

/** Returns a function that returns the share of the processors that was idle since. */
export function measureIdle(): () => string {
  const times = (): readonly [idle: number, all: number] => {
    const all = cpus().map((cpu) => cpu.times)
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
    return [sum(all.map(({ idle }) => idle)), sum(all.flatMap((each) => Object.values(each)))]
  }
  const [idle, all] = times()
  return () => {
    const [idleNow, allNow] = times()
    return `${((100 * (idleNow - idle)) / (allNow - all)).toFixed(0)} %`
  }
}
