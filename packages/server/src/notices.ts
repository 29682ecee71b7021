/** Tells the application what has happened, but never in the middle of a step that is not over yet. */
export interface Notices {
  /** Calls the function now, or after the step. */
  post(notice: () => void): void
  /** Runs a step. Must not be called in another one. */
  during<T>(step: () => T): T
}

export function createNotices(): Notices {
  let held: (() => void)[] | undefined
  return {
    post(notice) {
      if (held) held.push(notice)
      else notice()
    },
    during(step) {
      const notices: (() => void)[] = []
      held = notices
      try {
        return step()
      } finally {
        held = undefined
        for (const notice of notices) notice()
      }
    },
  }
}
