import { encodeBody, Endpoint, HoldfastError } from '@holdfast/protocol'
import type { Answerer, Body, Checks, Clock, EndpointPorts, Meta, Sized } from '@holdfast/protocol'
import { createTally } from './addresses.ts'
import type { HubChannels } from './channels/hub-channels.ts'
import type { ClientReports } from './client-reports.ts'
import type { DeferredEvents } from './deferred-events.ts'
import { newAbort } from './ports.ts'
import type { HubRouter } from './router.ts'
import { countOne } from './counters.ts'
import type { Counters } from './counters.ts'
import type { SessionRecord } from './session-record.ts'
import type { TracedMessage, Tracer } from './tracer.ts'

/** Makes the endpoints of sessions. */
export interface Endpoints {
  /** `lastRequest` is the id of the last request of another hub that had the session. */
  create(record: SessionRecord, lastRequest: number): Endpoint
}

interface EndpointParts extends HubRouter {
  readonly clock: Clock
  /** The checks of what is sent, if the contract has schemas. */
  readonly outgoing: Checks | undefined
  /** The maximum of running request handlers per identity, or per address without identity. */
  readonly maxRunningRequests: number
  readonly channels: HubChannels
  readonly reports: ClientReports
  readonly deferred: DeferredEvents
  readonly counters: Counters
  readonly tracer: Tracer | undefined
}

interface SharedParts extends EndpointParts {
  /** The handlers that run, by those whose requests count together. */
  readonly running: ReturnType<typeof createTally>
}

export function createEndpoints(parts: EndpointParts): Endpoints {
  // Sessions end and begin faster than handlers, so a new session does not raise the limit.
  const shared: SharedParts = { ...parts, running: createTally(parts.maxRunningRequests) }
  return { create: (record, lastRequest) => new Endpoint(new SessionPorts(shared, record), lastRequest) }
}

/** A class, because there is one per client: separate closures would take most of the memory. */
class SessionPorts implements EndpointPorts {
  readonly #parts: SharedParts
  readonly #record: SessionRecord

  constructor(parts: SharedParts, record: SessionRecord) {
    this.#parts = parts
    this.#record = record
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  get outgoing(): Checks | undefined {
    return this.#parts.outgoing
  }

  event(name: string, data: unknown): void {
    const { router, tracer } = this.#parts
    const { peer } = this.#record
    if (!tracer) return router.event(name, data, peer)
    tracer.handle({ direction: 'in', kind: 'event', name, data, peer }, () => router.event(name, data, peer))
  }

  raw(data: string | Uint8Array): void {
    const { router, tracer } = this.#parts
    const { peer } = this.#record
    if (!tracer) return router.raw(data, peer)
    tracer.handle({ direction: 'in', kind: 'raw', name: '', data, peer }, () => router.raw(data, peer))
  }

  /** Returns the handler of a request, unless too many run for its client. */
  find(name: string, meta: Meta): Answerer | undefined {
    const { running, handlers, channels, counters, tracer } = this.#parts
    const { peer } = this.#record
    const isOfChannel = meta.channel !== undefined && channels.isOffered
    const answerer = isOfChannel ? channels.find(this.#record, name, meta) : undefined
    const handler = handlers.find(name)
    if (!answerer && !handler) return undefined
    const owner = ownerOf(this.#record)
    const answerOne: Answerer = (input, context) => {
      if (running.isFull(owner)) {
        countOne(counters.limitHits, 'maxRunningRequests')
        throw new HoldfastError('remote', 'too many requests at a time', { reason: 'overloaded' })
      }
      const answer = answerer ? answerer(input, context) : handler!(input, peer, context)
      if (!isThenable(answer)) return answer
      // Calls `then` once, because some queries run again on every call.
      const promise = Promise.resolve(answer)
      const ended = (): void => running.delete(owner)
      running.add(owner)
      promise.then(ended, ended)
      return promise
    }
    if (!tracer) return answerOne
    const traced = { direction: 'in', kind: kindOf(meta), name, peer, ...channelOf(meta) } as const
    return (data, context) => tracer.handle({ ...traced, data }, () => answerOne(data, context))
  }

  encode(name: null, data: unknown, meta: Meta): Body {
    return encodeBody(name, data, meta)
  }

  maxBytes(): number {
    return this.#record.maxMessageBytes
  }

  /** Sends what belongs to requests, which also a hub does that drains. */
  send(message: Sized, answers?: number): void {
    this.#parts.deferred.during(() => this.#record.reply(message, answers))
  }

  newAbort(): AbortController {
    return newAbort()
  }

  report(error: unknown): void {
    this.#parts.reports.of(this.#record)(error)
  }

  violated(code: number, why: string): void {
    this.#record.violated(code, why)
  }
}

/** Returns the key under which requests are counted together; empty if it is not known. */
function ownerOf({ identity, address }: SessionRecord): string {
  return identity === null ? address : `user ${identity}`
}

function kindOf({ channel, pub }: Meta): TracedMessage['kind'] {
  return channel !== undefined && pub !== undefined ? 'publication' : 'request'
}

function channelOf({ channel }: Meta): { readonly channel?: string } {
  return typeof channel === 'string' ? { channel } : {}
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
