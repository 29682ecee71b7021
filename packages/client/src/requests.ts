import type { PlainFrame } from '@holdfast/protocol'
import type { Clock } from './connection/ports.ts'
import type { Delivery } from './delivery.ts'
import { aborted, HoldfastError } from './errors.ts'
import type { HoldfastErrorCode, HoldfastErrorDetails } from './errors.ts'
import type { RequestOptions } from './client.ts'

/** The requests that wait for an answer. */
export interface Requests {
  /** Sends a request by `send`, which is given its id, and waits for the answer. */
  open(send: (id: string) => Delivery, options: RequestOptions): Promise<unknown>
  /** Hands an answer to whoever waits for its id, if anybody does. */
  answer(frame: PlainFrame): boolean
  /** The connection ended: what was written on it will not be answered. */
  lost(): void
  dispose(): void
}

interface Pending {
  readonly delivery: Delivery
  resolve(answer: unknown): void
  fail(code: HoldfastErrorCode, message: string, details?: HoldfastErrorDetails): void
}

const longestTimer = 2_147_483_647

export function createRequests(clock: Clock): Requests {
  const pending = new Map<string, Pending>()
  let lastId = 0

  return {
    open(send, { timeout = 30_000, signal }) {
      if (signal?.aborted) return Promise.reject(aborted(signal))
      const id = String(++lastId)
      const delivery = send(id)
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          pending.delete(id)
          clock.clearTimer(timer)
          signal?.removeEventListener('abort', abort)
        }
        const fail: Pending['fail'] = (code, message, details) => {
          settle()
          delivery.cancel()
          const { outcome } = delivery
          reject(new HoldfastError(code, message, { ...details, ...(outcome && { outcome }) }))
        }
        const abort = (): void => fail('aborted', 'aborted', { cause: signal?.reason })
        const timer =
          timeout <= longestTimer
            ? clock.setTimer(() => fail('timeout', `no answer in ${timeout} ms`), timeout)
            : undefined

        pending.set(id, { delivery, fail, resolve: (answer) => (settle(), resolve(answer)) })
        signal?.addEventListener('abort', abort)
        void delivery.then((outcome) => {
          if (outcome.status === 'undelivered' && pending.has(id))
            fail('undelivered', `request ${outcome.reason}`)
        })
      })
    },
    answer({ id, data, error }) {
      const request = pending.get(String(id))
      if (error === undefined || error === null) request?.resolve(data)
      else request?.fail('remote', 'the server answered with an error', { data: error })
      return request !== undefined
    },
    lost() {
      for (const { delivery, fail } of [...pending.values()])
        if (delivery.outcome) fail('unknown', 'the connection ended before the answer')
    },
    dispose() {
      for (const { fail } of [...pending.values()]) fail('disposed', 'the client is disposed')
    },
  }
}
