import {
  bodyBytes,
  bytesOf,
  checkTime,
  createOutbox,
  encodeBody,
  encodeMessage,
  misuse,
} from '@holdfast/protocol'
import type { Body, Checks, Clock, Link, Outbox, SendOptions, Sent } from '@holdfast/protocol'
import type { DeferredEvents } from './deferred-events.ts'
import type { Encoded, MessageSource } from './encoded.ts'
import type { SessionRecord } from './session-record.ts'
import type { HubStage } from './stage.ts'
import type { Tracer } from './tracer.ts'

/** Sends the messages of the application and the hub to clients. */
export interface Outbound {
  /**
   * Encodes an event or a request.
   *
   * @throws {HoldfastError} `misuse`
   */
  encode(name: string, data: unknown, id?: number): Encoded
  encodeRaw(data: string | ArrayBuffer | ArrayBufferView): Encoded
  post(record: SessionRecord, encoded: Encoded, how?: SendOptions): Sent
  /** Sends one message to many sessions, some of which may end because of it. */
  postToAll(recipients: readonly SessionRecord[], encoded: Encoded, how: SendOptions): void
}

interface OutboundParts {
  readonly clock: Clock
  /** A draining hub sends only answers. */
  readonly stage: HubStage
  readonly deferred: DeferredEvents
  readonly tracer: Tracer | undefined
}

export function createOutbound(
  outgoing: Checks | undefined,
  { clock, stage, deferred: { during }, tracer }: OutboundParts,
): Outbound {
  // Messages that are pushed here settle at once.
  let refusing: Outbox<Body, undefined> | undefined
  const refuse = ({ body, bytes }: Encoded): Sent => {
    if (!refusing) {
      const nowhere: Link<Body> = { bufferedAmount: () => 0, isWritable: () => false, write: () => false }
      refusing = createOutbox(
        {},
        () => Infinity,
        nowhere,
        clock,
        () => {},
      )
      refusing.refuse('closed')
    }
    return refusing.push(body, bytes, undefined, {})
  }

  const push = (record: SessionRecord, encoded: Encoded, how: SendOptions): Sent =>
    stage.isSending || record.isMoving ? record.push(encoded, how) : refuse(encoded)

  const post = (record: SessionRecord, encoded: Encoded, how: SendOptions = {}): Sent => {
    const { source } = encoded
    if (!tracer || !source) return push(record, encoded, how)
    const trace = tracer.begin({ direction: 'out', ...source, peer: record.peer })
    const sent = push(record, encoded, how)
    if (trace?.end) sent.whenSettled((outcome) => tracer.end(trace, { outcome }))
    return sent
  }

  const from = (encoded: Encoded, source: MessageSource): Encoded =>
    tracer ? { ...encoded, source } : encoded

  return {
    encode: (name, data, id) =>
      from(encodeMessage(outgoing, name, data, id, encodeEvent), {
        kind: id === undefined ? 'event' : 'request',
        name,
        data,
      }),
    encodeRaw(data) {
      const payload = typeof data === 'string' ? data : bytesOf(data)
      if (payload === undefined) throw misuse('sendRaw takes text or bytes')
      return from(encodedOf(encodeBody(null, payload, { raw: true })), { kind: 'raw', name: '', data })
    },
    post(record, encoded, how) {
      checkTime('ttl', how?.ttl)
      return during(() => post(record, encoded, how))
    },
    postToAll(recipients, message, how) {
      checkTime('ttl', how.ttl)
      const encoded = message.shared ? message : { ...message, shared: { holders: 0 } }
      during(() => {
        for (const record of recipients) if (record.stage !== 'ended') post(record, encoded, how)
      })
    },
  }
}

function encodeEvent(name: string, data: unknown, id?: number): Encoded {
  return encodedOf(encodeBody(name, data, id === undefined ? id : { id }))
}

function encodedOf(body: Body): Encoded {
  return { body, bytes: bodyBytes(body), shared: undefined }
}
