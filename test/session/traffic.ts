/** Something that is done again and again. */
export interface Traffic extends Disposable {
  stop(): void
}

/** How much of a delay is made up for, in milliseconds: a busy machine would only fall further behind. */
const longestDelay = 50

/** Calls back that many times a second until it is stopped, and less often on a machine that cannot keep up. */
export function perSecond(rate: number, act: () => void): Traffic {
  let last = performance.now()
  let due = 0
  const timer = setInterval(() => {
    const now = performance.now()
    due += (Math.min(now - last, longestDelay) * rate) / 1_000
    last = now
    for (; due >= 1; due--) act()
  }, 5)
  const stop = (): void => clearInterval(timer)
  return { stop, [Symbol.dispose]: stop }
}
