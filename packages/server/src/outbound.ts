import {
  bodyBytes,
  createOutbox,
  createRequests,
  encodeBody,
  HoldfastError,
  misuse,
  validate,
} from '@holdfast/protocol'
import type {
  Body,
  Clock,
  Link,
  Outbox,
  Meta,
  RequestOptions,
  Requests,
  RequestSchema,
  SchemaContract,
  SendOptions,
  Sent,
  StandardSchema,
} from '@holdfast/protocol'
import type { ClientReports } from './client-reports.ts'
import type { DeferredEvents } from './deferred-events.ts'
import type { Encoded } from './encoded.ts'
import type { SessionRecord } from './session-record.ts'
import type { HubStage } from './stage.ts'

/** Sends what the application and the hub have to say to clients. */
export interface Outbound {
  /**
   * Encodes an event or a request.
   *
   * @throws {HoldfastError} `misuse`
   */
  encode(name: string, data: unknown, meta?: Meta): Encoded
  encodeRaw(data: string | ArrayBuffer | ArrayBufferView): Encoded
  post(held: SessionRecord, encoded: Encoded, how?: SendOptions): Sent
  /** Sends one message to many, of whom some may end because of it. */
  postToAll(recipients: readonly SessionRecord[], encoded: Encoded, how: SendOptions): void
  /**
   * Sends an answer, which also a hub does that drains.
   *
   * One that is too large for the client is reported, and the client is told so instead.
   *
   * @throws for data that cannot be encoded
   */
  reply(held: SessionRecord, data: unknown, meta: Meta): void
  request(held: SessionRecord, name: string, input: unknown, how: RequestOptions): Promise<unknown>
}

interface OutboundParts {
  readonly clock: Clock
  /** A hub that drains sends answers only. */
  readonly stage: HubStage
  readonly deferred: DeferredEvents
  readonly reports: ClientReports
}

export function createOutbound(
  contract: SchemaContract | undefined,
  { clock, stage, deferred: { during }, reports }: OutboundParts,
): Outbound {
  const schemas = contract && new Map(Object.entries(contract.toClient ?? {}))

  // All that is pushed here settles at once.
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

  const post = (held: SessionRecord, encoded: Encoded, how: SendOptions = {}): Sent =>
    stage.current === 'open' ? held.push(encoded, how) : refuse(encoded)

  const requestsOf = (held: SessionRecord): Requests =>
    (held.requests ??= createRequests(clock, (id) => reply(held, null, { off: id })))

  const reply = (held: SessionRecord, data: unknown, meta: Meta): void => {
    const encoded = encodedOf(encodeBody(null, data, meta))
    const largest = held.maxMessageBytes
    if (encoded.bytes <= largest) return during(() => void held.push(encoded, {}))
    reports.of(held)(misuse(`an answer of ${encoded.bytes} bytes, and the client takes ${largest}`))
    reply(held, undefined, {
      ...meta,
      error: 'too-large',
      message: 'the client does not take so large an answer',
    })
  }

  const encode = (name: string, data: unknown, meta?: Meta): Encoded => {
    if (typeof name !== 'string') throw misuse('the name of an event must be a string')
    if (schemas) {
      const { issues } = validate(inputSchema(schemas.get(name), name), data)
      if (issues)
        throw new HoldfastError('misuse', `'${name}' does not fit its schema: ${issues[0]?.message}`, {
          data: issues,
        })
    }
    try {
      return encodedOf(encodeBody(name, data, meta))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw misuse(`'${name}' cannot be encoded: ${why}`, error)
    }
  }

  return {
    encode,
    encodeRaw(data) {
      return encodedOf(encodeBody(null, typeof data === 'string' ? data : bytesOf(data), { raw: true }))
    },
    post(held, encoded, how) {
      checkTime('ttl', how?.ttl)
      return during(() => post(held, encoded, how))
    },
    postToAll(recipients, { body, bytes }, how) {
      checkTime('ttl', how.ttl)
      const encoded = { body, bytes, shared: { holders: 0 } }
      during(() => {
        for (const held of recipients) if (held.stage !== 'ended') post(held, encoded, how)
      })
    },
    reply,
    request(held, name, input, how) {
      checkTime('timeout', how.timeout)
      const schema = schemas?.get(name)
      if (schema && !('input' in schema)) throw misuse(`'${name}' is no request in the contract`)
      const answer = requestsOf(held).open((id) => {
        const encoded = encode(name, input, { id })
        return during(() => post(held, encoded))
      }, how)
      return schema ? answer.then((data) => checkAnswer(schema, data)) : answer
    },
  }
}

function encodedOf(body: Body): Encoded {
  return { body, bytes: bodyBytes(body), shared: undefined }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (Object.prototype.toString.call(data) !== '[object ArrayBuffer]')
    throw misuse('sendRaw takes text or bytes')
  return new Uint8Array(data)
}

function checkTime(name: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0)) throw misuse(`${name} must be a number from 0 on`)
}

function inputSchema(entry: StandardSchema | RequestSchema | undefined, name: string): StandardSchema {
  if (!entry) throw misuse(`'${name}' is not in the contract`)
  return 'input' in entry ? entry.input : entry
}

function checkAnswer({ output }: RequestSchema, answer: unknown): unknown {
  const result = validate(output, answer)
  if (!result.issues) return result.value
  throw new HoldfastError('invalid', 'the answer does not fit its schema', { data: result.issues })
}
