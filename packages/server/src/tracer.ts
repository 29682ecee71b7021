import type { AnyContract, Outcome } from '@holdfast/protocol'
import type { Peer } from './peer.ts'
import type { ReportTrouble } from './trouble.ts'

/** The option `trace`: returns what follows the message, if anything does. */
export type Trace<Data = unknown> = (message: TracedMessage<Data>) => MessageTrace | undefined | void

/** A message of a client that is about to be handled, or a message to a client that is about to be sent. */
export interface TracedMessage<Data = unknown> {
  readonly direction: 'in' | 'out'
  /** `publication` is a request of a client to publish, in `channel`; `raw` is text or bytes of `sendRaw`. */
  readonly kind: 'event' | 'request' | 'publication' | 'raw'
  /** The name of the event or request; empty for `raw`. */
  readonly name: string
  readonly data: unknown
  readonly peer: Peer<AnyContract, Data>
  /** The channel that a request of a client names. */
  readonly channel?: string
}

/** Follows a message. */
export interface MessageTrace {
  /**
   * Runs the handlers of a message of a client: call `handle` once, before this function returns. Whatever it does, the
   * handlers run exactly once. Not called for messages to clients.
   */
  run?(handle: () => void): void
  /** Called once, when the message is done. */
  end?(result: TraceResult): void
}

/** How a message ended. */
export interface TraceResult {
  /** What the handler of a request threw, or rejected with. Exceptions of listeners of events go to `ports.report`. */
  readonly error?: unknown
  /** The outcome of a message to a client. */
  readonly outcome?: Outcome
}

/** Calls the `trace` of the application, whose exceptions do not affect messages. */
export class Tracer {
  readonly #trace: Trace
  readonly #reportTrouble: ReportTrouble

  constructor(trace: Trace, reportTrouble: ReportTrouble) {
    this.#trace = trace
    this.#reportTrouble = reportTrouble
  }

  begin(message: TracedMessage): MessageTrace | undefined {
    return this.#guard(() => this.#trace(message)) ?? undefined
  }

  end(trace: MessageTrace | undefined, result: TraceResult): void {
    this.#guard(() => trace?.end?.(result))
  }

  /** Handles a message of a client. Returns or throws what `handle` does. */
  handle<T>(message: TracedMessage, handle: () => T): T {
    const trace = this.begin(message)
    const run = new Run(handle)
    this.#guard(() => trace?.run?.(() => run.once()))
    run.once()
    const { error } = run
    if (error) {
      this.end(trace, { error: error.thrown })
      throw error.thrown
    }
    const value = run.value as T
    if (!(value instanceof Promise)) this.end(trace, {})
    else
      value.then(
        () => this.end(trace, {}),
        (thrown: unknown) => this.end(trace, { error: thrown }),
      )
    return value
  }

  #guard<T>(call: () => T): T | undefined {
    const failed = (error: unknown): undefined => this.#reportTrouble('trace', error) as undefined
    try {
      const result = call()
      // Without types, it may be an asynchronous function.
      if (!(result instanceof Promise)) return result
      result.catch(failed)
      return undefined
    } catch (error) {
      return failed(error)
    }
  }
}

/** A call that happens once, and what came of it. */
class Run<T> {
  value: T | undefined
  error: { readonly thrown: unknown } | undefined
  #call: (() => T) | undefined

  constructor(call: () => T) {
    this.#call = call
  }

  once(): void {
    const call = this.#call
    this.#call = undefined
    if (!call) return
    try {
      this.value = call()
    } catch (thrown) {
      this.error = { thrown }
    }
  }
}
