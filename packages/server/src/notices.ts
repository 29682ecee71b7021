/** Tells the application what has happened, but never in the middle of a step that is not over yet. */
export interface Notices {
  /** Calls the function now, or after the step, or after the notices that came before. */
  post(notice: () => void): void
  /** Runs a step. One inside another is a part of it. */
  during<T>(step: () => T): T
}

/** Whatever a notice leads to, the next one runs after it and not inside it: so the stack does not grow. */
export function createNotices(): Notices {
  const posted: (() => void)[] = []
  let steps = 0
  let isTelling = false

  const tell = (): void => {
    if (steps > 0 || isTelling) return
    isTelling = true
    const thrown: unknown[] = []
    // What is appended meanwhile is told as well.
    for (const notice of posted)
      try {
        notice()
      } catch (error) {
        thrown.push(error)
      }
    posted.length = 0
    isTelling = false
    if (thrown.length > 0) throw thrown[0]
  }

  return {
    post(notice) {
      posted.push(notice)
      tell()
    },
    during(step) {
      steps++
      try {
        return step()
      } finally {
        steps--
        tell()
      }
    },
  }
}
