import { createRequests } from '@holdfast/protocol'
import type { PlainFrame } from '@holdfast/protocol'
import type { BoundWire, WireHost } from './wire.ts'

/** How a plain server answers requests: created by {@link correlated}. */
export interface Correlation {
  /** The property that carries the id of a request, and that of its answer. */
  readonly property: string
  /** Only for the wire. */
  readonly bind: object
}

/** A correlation as the wire sees it. */
export interface BindableCorrelation extends Correlation {
  /** Begins the requests of one client. */
  bind(host: Pick<WireHost, 'clock' | 'outgoing'>): PlainRequests
}

/** The requests of one client that wait for an answer. */
export interface PlainRequests extends Pick<BoundWire, 'request' | 'dispose'> {
  /** Returns whether the frame is the answer of a request, which is settled then. */
  isAnswer(frame: PlainFrame): boolean
  /** The connection has ended: written requests will not be answered any more. */
  lost(): void
}

/**
 * Requests on the plain wire, for a server that echoes the id of a request in its answer. Enables `client.request()`.
 *
 * `property` is the one that carries the id, in both directions. A property `error` in the answer rejects the request
 * with `remote`. With `encode` and `decode` of your own, these carry the id instead.
 *
 * @example
 * const client = createClient({ url: '/ws', wire: plain({ requests: correlated('ref') }) })
 * const user = await client.request('user.get', { id: 7 })
 */
/* @__NO_SIDE_EFFECTS__ */
export function correlated(property = 'id'): Correlation {
  const correlation: BindableCorrelation = {
    property,
    bind({ clock, outgoing }) {
      const { open, answer, refuse, lost, dispose } = createRequests(clock, outgoing)
      return {
        request: open,
        dispose,
        lost,
        isAnswer: ({ id, data, error }) =>
          (error ?? null) === null
            ? answer(id, data)
            : refuse(id, 'the server answered with an error', { data: error }),
      }
    },
  }
  return correlation
}
