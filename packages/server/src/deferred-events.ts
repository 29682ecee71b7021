/** Tells the application what has happened, but never in the middle of a step that is not over yet. */
export interface DeferredEvents {
  /** Calls the function now, or after the step, or after the events that were deferred before it. */
  defer(event: () => void): void
  /** Runs a step. One inside another is a part of it. */
  during<T>(step: () => T): T
}

/** Whatever an event leads to, the next one runs after it and not inside it: so the stack does not grow. */
export function createDeferredEvents(): DeferredEvents {
  const deferred: (() => void)[] = []
  let steps = 0
  let isEmitting = false

  const emit = (): void => {
    if (steps > 0 || isEmitting) return
    isEmitting = true
    const thrown: unknown[] = []
    // What is deferred meanwhile is emitted as well.
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
