/** Something that is done again and again. */
export interface Traffic extends Disposable {
  stop(): void
}

/** Calls back that many times a second until it is stopped. A machine that is late makes up for it. */
export function perSecond(rate: number, act: () => void): Traffic {
  const start = performance.now()
  let count = 0
  const timer = setInterval(() => {
    for (const due = ((performance.now() - start) * rate) / 1_000; count < due; count++) act()
  }, 5)
  const stop = (): void => clearInterval(timer)
  return { stop, [Symbol.dispose]: stop }
}
