/** Calls closer together than this belong to one burst, in milliseconds. */
const pause = 100
const longest = 12

/** Returns a function that returns the position of each call in its burst, so that a burst can be shown one by one. */
export function createBurst(): () => number {
  let position = 0
  let lastAt = -Infinity

  return () => {
    const now = performance.now()
    position = now - lastAt < pause ? Math.min(position + 1, longest) : 0
    lastAt = now
    return position
  }
}
