/** Reports events to the application, but never in the middle of an unfinished step. */
export interface DeferredEvents {
  /** Calls the function now, or after the step, or after the events that were deferred before it. */
  defer(event: () => void): void
  /** Runs a step. One inside another is a part of it. */
  during<T>(step: () => T): T
}

/** The next event runs after the current one and not inside it, so the stack does not grow. */
export function createDeferredEvents(): DeferredEvents {
  const deferred: (() => void)[] = []
  let steps = 0
  let isEmitting = false

  const emit = (): void => {
    if (steps > 0 || isEmitting) return
    isEmitting = true
    const thrown: unknown[] = []
    // Events that are deferred meanwhile are emitted as well.
    for (const event of deferred)
      try {
        event()
      } catch (error) {
        thrown.push(error)
      }
    deferred.length = 0
    isEmitting = false
    if (thrown.length > 0) throw thrown[0]
  }

  return {
    defer(event) {
      deferred.push(event)
      emit()
    },
    during(step) {
      steps++
      try {
        return step()
      } finally {
        steps--
        emit()
      }
    },
  }
}
