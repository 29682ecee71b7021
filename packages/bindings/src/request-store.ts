import type { AbortSignalLike, Client, HoldfastError, RequestOptions } from 'holdfast'

declare const AbortController: new () => { readonly signal: AbortSignalLike; abort(): void }

/**
 * The state of a request: `idle` before the first one and after a reset, `pending`, `ok`, or `error`. A request that is
 * pending keeps the data of the last answer.
 */
export type RequestState<Answer> =
  | { readonly status: 'idle'; readonly data: undefined; readonly error: undefined }
  | { readonly status: 'pending'; readonly data: Answer | undefined; readonly error: undefined }
  | { readonly status: 'ok'; readonly data: Answer; readonly error: undefined }
  | { readonly status: 'error'; readonly data: undefined; readonly error: HoldfastError }

/** The requests of one component: the last one counts. */
export interface RequestStore {
  readonly state: RequestState<unknown>
  subscribe(listener: () => void): () => void
  /**
   * Sends a request, and aborts the one before. The promise need not be awaited: a rejection is in the state.
   *
   * @throws {HoldfastError} `misuse`, as `client.request` does, and then changes nothing
   */
  send(client: Client, name: string, input: unknown, options: RequestOptions | undefined): Promise<unknown>
  /** Aborts the request that is pending, and returns to `idle`. */
  reset(): void
  /** The state if the last request was one of that name to that client, and `idle` otherwise. */
  stateOf(client: Client, name: string): RequestState<unknown>
}

export const idleRequest: RequestState<never> = { status: 'idle', data: undefined, error: undefined }

export function createRequestStore(): RequestStore {
  const listeners = new Set<() => void>()
  let state: RequestState<unknown> = idleRequest
  let abortCurrent: (() => void) | undefined
  let last: { readonly client: Client; readonly name: string } | undefined

  const change = (next: RequestState<unknown>): void => {
    if (next === state) return
    state = next
    for (const listener of [...listeners]) listener()
  }

  const stateOf: RequestStore['stateOf'] = (client, name) =>
    last?.client === client && last.name === name ? state : idleRequest
  return {
    get state() {
      return state
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    send(client, name, input, options) {
      const controller = new AbortController()
      const abort = (): void => controller.abort()
      const answer: Promise<unknown> = client.request(name, input, { ...options, signal: controller.signal })
      const settle = (next: RequestState<unknown>): void => {
        if (abortCurrent !== abort) return
        abortCurrent = undefined
        change(next)
      }
      answer.then(
        (data) => settle({ status: 'ok', data, error: undefined }),
        (error: HoldfastError) => settle({ status: 'error', data: undefined, error }),
      )
      const abortLast = abortCurrent
      abortCurrent = abort
      abortLast?.()
      const { data } = stateOf(client, name)
      last = { client, name }
      change({ status: 'pending', data, error: undefined })
      return answer
    },
    reset() {
      const abort = abortCurrent
      abortCurrent = undefined
      abort?.()
      change(idleRequest)
    },
    stateOf,
  }
}
