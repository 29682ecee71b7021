import { isHoldfastError, misuse } from './errors.ts'
import { bodyBytes } from './frame-codec.ts'
import type { Body } from './frame-codec.ts'
import type { Frame, Meta } from './frame.ts'
import type { Answerer } from './handlers.ts'
import type { AbortSignalLike, Clock } from './ports.ts'
import { printable } from './printable.ts'
import { createRequests } from './requests.ts'
import type { RequestOptions, Requests, SentRequest } from './requests.ts'
import type { Checks } from './schema.ts'
import { maxRunning } from './limits.ts'

/** What an endpoint needs of the client or the hub that has it. */
export interface EndpointPorts {
  readonly clock: Clock
  /** Validates outgoing data, if the contract has schemas. */
  readonly outgoing: Checks | undefined
  event(name: string, data: unknown): void
  /** Text or bytes that are not an event. */
  raw(data: string | Uint8Array): void
  /** Returns the handler of a request, if there is one. */
  find(name: string, meta: Meta): Answerer | undefined
  newAbort(): { readonly signal: AbortSignalLike; abort(): void }
  /** Receives exceptions that are not sent to the peer. */
  report(error: unknown): void
  /** Encodes what is not an event. @throws for data that cannot be encoded */
  encode(name: null, data: unknown, meta: Meta): Body
  /** The largest body that the peer takes, in bytes. */
  maxBytes(): number
  /** Sends what is not an event and belongs to the session. `answers` is the id of the request that it answers, if any. */
  send(message: Sized, answers?: number): void
  violated(code: number, why: string): void
}

/** A body and its size. */
export interface Sized {
  readonly body: Body
  readonly bytes: number
}

/**
 * One end of the session wire, above the numbers: delivers the frames of the peer as events, requests, answers, text or
 * bytes, and sends requests and answers. Both ends run this code: a client one for all its sessions, a hub one for each.
 *
 * A class, because a hub has as many as there are clients.
 */
export class Endpoint {
  readonly #ports: EndpointPorts
  /** The id of the last request that another program has sent in the session. */
  readonly #lastRequest: number
  /** The requests of this end; undefined before the first. */
  #requests: Requests | undefined
  /** The requests of the peer whose handlers run, by their ids; undefined before the first. */
  #running: Map<number, { abort(): void }> | undefined
  /** The number of running handlers, including those whose answer is no longer expected. */
  #runningCount = 0

  constructor(ports: EndpointPorts, lastRequest = 0) {
    this.#ports = ports
    this.#lastRequest = lastRequest
  }

  /** The id of the last request of this end. */
  get lastRequest(): number {
    return this.#requests?.lastId ?? this.#lastRequest
  }

  /** The ids of the requests of the peer whose handlers run. */
  get running(): readonly number[] {
    return [...(this.#running?.keys() ?? [])]
  }

  /** Whether this end owes the peer no answer. */
  get isIdle(): boolean {
    return !this.#running?.size
  }

  /** Whether neither end owes the other an answer, as far as requests were written. */
  get isSettled(): boolean {
    return this.isIdle && !this.#requests?.unanswered
  }

  /** Delivers a received frame. */
  deliver([seq, , name, data, meta]: Frame): void {
    const ports = this.#ports
    const value = meta?.absent ? undefined : data
    if (typeof name === 'string') {
      if (meta?.id === undefined) ports.event(name, value)
      else if (seq === 0) ports.violated(4400, 'a volatile request')
      else this.#answer(meta.id, name, value, meta)
    } else if (meta?.re !== undefined) {
      const { re, error: reason, message = '' } = meta
      if (reason === undefined) this.#requests?.answer(re, value)
      else this.#requests?.refuse(re, message, { reason: printable(reason), data: value })
    } else if (meta?.off !== undefined) {
      this.#running?.get(meta.off)?.abort()
      this.#running?.delete(meta.off)
    } else if (meta?.raw && (typeof value === 'string' || value instanceof Uint8Array)) ports.raw(value)
    else ports.violated(4400, 'a frame of no kind')
  }

  /** Sends a request with `send`, which receives its id, and waits for the answer. */
  request(
    name: string | undefined,
    send: (id: number) => SentRequest,
    how: RequestOptions,
  ): Promise<unknown> {
    const { clock, outgoing } = this.#ports
    this.#requests ??= createRequests(
      clock,
      outgoing,
      (id) => this.#reply(null, { off: id }),
      this.#lastRequest,
    )
    return this.#requests.open(name, send, how)
  }

  /** The session ended: there will be no answers, in either direction. */
  lost(): void {
    this.#requests?.lost()
    for (const abort of this.#running?.values() ?? []) abort.abort()
    this.#running?.clear()
  }

  /** Another program goes on with the session, and gets the answers of the peer. The handlers that run here answer with `send`. */
  moved(): void {
    this.#requests?.lost()
  }

  /** Fails all requests. */
  dispose(): void {
    this.#requests?.dispose()
  }

  #answer(re: number, name: string, input: unknown, meta: Meta): void {
    const running = (this.#running ??= new Map())
    const handler = this.#ports.find(name, meta)
    if (!handler) this.#refuse(re, 'unhandled', `no handler for '${name}'`)
    else if (this.#runningCount >= maxRunning) this.#refuse(re, 'overloaded', 'too many requests at a time')
    else if (!running.has(re)) void this.#run(running, re, handler, input)
  }

  async #run(
    running: Map<number, { abort(): void }>,
    re: number,
    handler: Answerer,
    input: unknown,
  ): Promise<void> {
    const abort = this.#ports.newAbort()
    const isExpected = (): boolean => running.get(re) === abort
    running.set(re, abort)
    this.#runningCount++
    try {
      const data = await handler(input, { signal: abort.signal })
      if (isExpected()) this.#reply(data, { re })
    } catch (error) {
      if (isExpected()) this.#fail(re, error)
    } finally {
      this.#runningCount--
      if (isExpected()) running.delete(re)
    }
  }

  #fail(re: number, error: unknown): void {
    const ports = this.#ports
    if (isHoldfastError(error) && error.code === 'remote')
      try {
        return this.#refuse(re, error.reason ?? 'refused', error.message, error.data)
      } catch (unsendable) {
        ports.report(unsendable)
      }
    else ports.report(error)
    // The peer must not see other exceptions of a handler.
    this.#refuse(re, 'internal', 'the handler failed')
  }

  #refuse(re: number, error: string, message: string, data?: unknown): void {
    this.#reply(data, { re, error, message })
  }

  /** An answer that is too large for the peer is reported, and the peer receives an error instead. */
  #reply(data: unknown, meta: Meta): void {
    const ports = this.#ports
    const body = ports.encode(null, data, meta)
    const bytes = bodyBytes(body)
    if (bytes <= ports.maxBytes()) return ports.send({ body, bytes }, meta.re)
    const message = 'the answer is larger than the peer takes'
    ports.report(misuse(`${message}: ${bytes} of ${ports.maxBytes()} bytes`))
    this.#reply(undefined, { ...meta, error: 'too-large', message })
  }
}
