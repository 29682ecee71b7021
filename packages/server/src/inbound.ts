import { createAnswers, HoldfastError } from '@holdfast/protocol'
import type { Answerer, Answers, Control, Frame } from '@holdfast/protocol'
import { createTally } from './addresses.ts'
import type { ClientReports } from './client-reports.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Producers } from './producers.ts'
import type { Outbound } from './outbound.ts'
import { newAbort } from './ports.ts'
import type { Renewals } from './renewals.ts'
import type { Router } from './router.ts'
import type { SessionRecord } from './session-record.ts'

/** Hands on what comes in on a session. */
export interface Inbound {
  deliver(held: SessionRecord, frame: Frame): void
  control(held: SessionRecord, control: Control): void
}

interface InboundParts {
  /** How many handlers of requests may run for one identity, or for one address without identity. */
  readonly maxRunningRequests: number
  readonly router: Router
  readonly producers: Producers
  readonly outbound: Outbound
  readonly reports: ClientReports
  readonly renewals: Renewals
  readonly lifecycle: Lifecycle
}

export function createInbound(parts: InboundParts): Inbound {
  const { router, producers, outbound, reports, renewals, lifecycle } = parts
  // Sessions end and begin faster than handlers, so it does not help to begin another one.
  const running = createTally(parts.maxRunningRequests)

  /** The handler of a request, as long as not too many run for whoever asks. */
  const find = (held: SessionRecord, name: string): Answerer | undefined => {
    const handler = router.find(name, held.peer)
    if (!handler) return undefined
    const owner = ownerOf(held)
    return (input, context) => {
      if (running.isFull(owner))
        throw new HoldfastError('remote', 'too many requests at a time', { reason: 'overloaded' })
      const answer = handler(input, context)
      if (!isThenable(answer)) return answer
      // Asked once, because there are queries that run again whenever they are asked.
      const promise = Promise.resolve(answer)
      const ended = (): void => running.delete(owner)
      running.add(owner)
      promise.then(ended, ended)
      return promise
    }
  }

  const answersOf = (held: SessionRecord): Answers =>
    (held.answers ??= createAnswers({
      find: (name) => find(held, name),
      reply: (data, meta) => outbound.reply(held, data, meta),
      newAbort,
      report: reports.of(held),
    }))

  const dispatch = (held: SessionRecord, frame: Frame): void => {
    const name = frame[2]
    const meta = frame[4]
    const value = meta?.absent ? undefined : frame[3]
    if (meta?.producer) {
      if (frame[0] === 0) return held.violated(4400, 'a volatile message in a producer')
      if (!producers.take(held, meta.producer)) return
    }
    if (typeof name === 'string') {
      if (meta?.id === undefined) router.event(name, value, held.peer)
      else if (frame[0] === 0) held.violated(4400, 'a volatile request')
      else answersOf(held).request(meta.id, name, value)
    } else if (meta?.re !== undefined) {
      const { re, error: reason, message = '' } = meta
      if (reason === undefined) held.requests?.answer(re, value)
      else held.requests?.refuse(re, message, { reason, data: value })
    } else if (meta?.off !== undefined) held.answers?.off(meta.off)
    else if (meta?.raw && (typeof value === 'string' || value instanceof Uint8Array))
      router.raw(value, held.peer)
    else held.violated(4400, 'a frame of no kind')
  }

  return {
    deliver(held, frame) {
      lifecycle.counters.receivedMessages++
      try {
        dispatch(held, frame)
      } catch (error) {
        // An answer that cannot be sent; nothing of the application gets here.
        reports.of(held)(error)
      }
    },
    control(held, control) {
      switch (control[0]) {
        case 'token':
          return renewals.token(held, control[1])
        case 'bye':
          return held.leave(control[1])
        case 'holdfast':
        case 'hi':
        case 'ok':
        case 'a':
        case 'p':
        case 'q':
        case 'renew':
        case 'drain':
          held.violated(4400, `'${control[0]}' at the wrong time`)
      }
    },
  }
}

/** Whose requests count together; empty where that is not known. */
function ownerOf({ identity, address }: SessionRecord): string {
  return identity === null ? address : `user ${identity}`
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
