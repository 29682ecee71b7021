import { aborted, HoldfastError } from './errors.ts'
import type { HoldfastErrorCode, HoldfastErrorDetails } from './errors.ts'
import type { Sent } from './message.ts'
import { longestTimer } from './ports.ts'
import { checkTime } from './options.ts'
import type { AbortSignalLike, Clock } from './ports.ts'
import { printable } from './printable.ts'
import type { Checks } from './schema.ts'

/** The options of a wait. */
export interface WaitOptions {
  readonly signal?: AbortSignalLike
}

export interface RequestOptions extends WaitOptions {
  /**
   * How long the answer may take from the call on, in milliseconds, including the time in the queue.
   *
   * @default 30_000
   */
  readonly timeout?: number
}

/** What is asked of the message of a request. */
export type SentRequest = Pick<Sent, 'outcome' | 'cancel' | 'whenSettled'>

/** The requests that wait for an answer. */
export interface Requests {
  readonly size: number
  /** The number of written requests, whose answers may arrive. */
  readonly unanswered: number
  /** The id of the last request. */
  readonly lastId: number
  /**
   * Sends a request with `send`, which receives its id, and waits for the answer, which is checked if there is a name.
   */
  open(name: string | undefined, send: (id: number) => SentRequest, options: RequestOptions): Promise<unknown>
  /** Resolves the request with that id. Returns whether there was one. */
  answer(id: unknown, data: unknown): boolean
  /** Rejects the request with that id. Returns whether there was one. */
  refuse(id: unknown, message: string, details: HoldfastErrorDetails): boolean
  /** Written requests will not be answered any more. */
  lost(): void
  dispose(): void
}

interface Pending {
  readonly delivery: SentRequest
  resolve(answer: unknown): void
  fail(code: HoldfastErrorCode, message: string, details?: HoldfastErrorDetails): void
}

/**
 * `checks` are those of what is sent. `abandoned` is called for requests that were written, and whose caller has stopped
 * waiting. The ids begin after `lastId`.
 */
export function createRequests(
  clock: Clock,
  checks: Checks | undefined,
  abandoned?: (id: number) => void,
  lastId = 0,
): Requests {
  const pending = new Map<number, Pending>()

  return {
    get lastId() {
      return lastId
    },
    get size() {
      return pending.size
    },
    get unanswered() {
      return [...pending.values()].filter(({ delivery }) => delivery.outcome).length
    },
    open(name, send, { timeout = 30_000, signal }) {
      checkTime('timeout', timeout)
      if (signal?.aborted) return Promise.reject(aborted(signal))
      const id = ++lastId
      const delivery = send(id)
      const answered = new Promise((resolve, reject) => {
        const settle = (): void => {
          pending.delete(id)
          clock.clearTimer(timer)
          signal?.removeEventListener('abort', abort)
        }
        const fail: Pending['fail'] = (code, message, details) => {
          settle()
          const isWritten = !delivery.cancel()
          const { outcome } = delivery
          reject(new HoldfastError(code, message, { ...details, ...(outcome && { outcome }) }))
          if (isWritten && (code === 'timeout' || code === 'aborted')) abandoned?.(id)
        }
        const abort = (): void => fail('aborted', 'aborted', { cause: signal?.reason })
        const timer =
          timeout <= longestTimer
            ? clock.setTimer(() => fail('timeout', `no answer in ${timeout} ms`), timeout)
            : undefined

        pending.set(id, { delivery, fail, resolve: (answer) => (settle(), resolve(answer)) })
        signal?.addEventListener('abort', abort)
        // The answer tells as much as an ack, so nothing is asked for.
        delivery.whenSettled((outcome) => {
          if (outcome.status === 'undelivered' && pending.has(id))
            fail('undelivered', `request ${outcome.reason}`)
        })
      })
      return checks && name !== undefined ? answered.then((data) => checks.answer(name, data)) : answered
    },
    answer(id, data) {
      const request = pending.get(Number(id))
      request?.resolve(data)
      return request !== undefined
    },
    refuse(id, message, details) {
      const request = pending.get(Number(id))
      request?.fail('remote', printable(message), details)
      return request !== undefined
    },
    lost() {
      for (const { delivery, fail } of [...pending.values()])
        // A certainly undelivered request has just settled, and is about to fail as such.
        if (delivery.outcome && delivery.outcome.status !== 'undelivered')
          fail('unknown', 'the connection ended before the answer')
    },
    dispose() {
      for (const { fail } of [...pending.values()]) fail('disposed', 'the client is disposed')
    },
  }
}
