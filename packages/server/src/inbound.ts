import type { Control, Frame } from '@holdfast/protocol'
import type { ClientReports } from './client-reports.ts'
import type { Endpoints } from './endpoints.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Producers } from './producers.ts'
import type { Renewals } from './renewals.ts'
import type { SessionRecord } from './session-record.ts'

/** Hands on what comes in on a session. */
export interface Inbound {
  deliver(held: SessionRecord, frame: Frame): void
  control(held: SessionRecord, control: Control): void
}

interface InboundParts {
  readonly producers: Producers
  readonly endpoints: Endpoints
  readonly reports: ClientReports
  readonly renewals: Renewals
  readonly lifecycle: Lifecycle
}

export function createInbound(parts: InboundParts): Inbound {
  const { producers, endpoints, reports, renewals, lifecycle } = parts

  return {
    deliver(held, frame) {
      lifecycle.counters.receivedMessages++
      const producer = frame[4]?.producer
      if (producer) {
        if (frame[0] === 0) return held.violated(4400, 'a volatile message in a producer')
        if (!producers.take(held, producer)) return
      }
      try {
        endpoints.of(held).deliver(frame)
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
