import { createAnswers } from './answers.ts'
import type { Answers, AnswersPorts } from './answers.ts'
import { misuse } from './errors.ts'
import { bodyBytes } from './frame-codec.ts'
import type { Body } from './frame-codec.ts'
import type { Frame, Meta } from './frame.ts'
import type { Clock } from './ports.ts'
import { createRequests } from './requests.ts'
import type { RequestOptions, Requests, SentRequest } from './requests.ts'
import type { Checks } from './schema.ts'

/** What an endpoint needs of the client or the hub that has it. */
export interface EndpointPorts extends AnswersPorts {
  readonly clock: Clock
  /** The checks of what is sent, if the contract has schemas. */
  readonly outgoing: Checks | undefined
  event(name: string, data: unknown): void
  /** Text or bytes that are not an event. */
  raw(data: string | Uint8Array): void
  /** Encodes what is not an event. @throws for data that cannot be encoded */
  encode(name: null, data: unknown, meta: Meta): Body
  /** The largest body that the peer takes, in bytes. */
  maxBytes(): number
  /** Sends what is not an event and belongs to the session. */
  send(message: Sized): void
  violated(code: number, why: string): void
}

/** A body and its size. */
export interface Sized {
  readonly body: Body
  readonly bytes: number
}

/**
 * One end of the session wire, above the numbers: hands on what the peer sends as events, requests, answers, text or
 * bytes, asks and answers. Both ends run this code: a client for all its sessions, a hub for each.
 *
 * A class, because a hub has as many as there are clients.
 */
export class Endpoint {
  readonly #ports: EndpointPorts
  #requests: Requests | undefined
  #answers: Answers | undefined

  constructor(ports: EndpointPorts) {
    this.#ports = ports
  }

  /** Whether the peer owes no answer to what was written, and is owed none. */
  get isSettled(): boolean {
    return !this.#requests?.unanswered && !this.#answers?.size
  }

  /** Delivers a received frame. */
  deliver([seq, , name, data, meta]: Frame): void {
    const ports = this.#ports
    const value = meta?.absent ? undefined : data
    if (typeof name === 'string') {
      if (meta?.id === undefined) ports.event(name, value)
      else if (seq === 0) ports.violated(4400, 'a volatile request')
      else {
        this.#answers ??= createAnswers(ports, (answer, how) => this.#reply(answer, how))
        this.#answers.request(meta.id, name, value, meta)
      }
    } else if (meta?.re !== undefined) {
      const { re, error: reason, message = '' } = meta
      if (reason === undefined) this.#requests?.answer(re, value)
      else this.#requests?.refuse(re, message, { reason, data: value })
    } else if (meta?.off !== undefined) this.#answers?.off(meta.off)
    else if (meta?.raw && (typeof value === 'string' || value instanceof Uint8Array)) ports.raw(value)
    else ports.violated(4400, 'a frame of no kind')
  }

  /** Sends a request with `send`, which receives its id, and waits for the answer. */
  request(
    name: string | undefined,
    send: (id: number) => SentRequest,
    how: RequestOptions,
  ): Promise<unknown> {
    const { clock, outgoing } = this.#ports
    this.#requests ??= createRequests(clock, outgoing, (id) => this.#reply(null, { off: id }))
    return this.#requests.open(name, send, how)
  }

  /** The session ended: there will be no answers, in either direction. */
  lost(): void {
    this.#requests?.lost()
    this.#answers?.lost()
  }

  /** Fails all requests. */
  dispose(): void {
    this.#requests?.dispose()
  }

  /** An answer that is too large for the peer is reported, and the peer receives an error instead. */
  #reply(data: unknown, meta: Meta): void {
    const ports = this.#ports
    const body = ports.encode(null, data, meta)
    const bytes = bodyBytes(body)
    if (bytes <= ports.maxBytes()) return ports.send({ body, bytes })
    const message = 'the answer is larger than the peer takes'
    ports.report(misuse(`${message}: ${bytes} of ${ports.maxBytes()} bytes`))
    this.#reply(undefined, { ...meta, error: 'too-large', message })
  }
}
