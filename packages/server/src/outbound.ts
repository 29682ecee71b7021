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
  Delivery,
  Line,
  Link,
  Meta,
  RequestOptions,
  Requests,
  RequestSchema,
  SchemaContract,
  SendOptions,
  Sent,
  StandardSchema,
} from '@holdfast/protocol'
import type { Buffers } from './buffers.ts'
import type { SharedMessage } from './session-record.ts'
import type { SessionRecord, SessionOutbox } from './session-record.ts'
import type { Policy } from './options.ts'

/** Sends what the application and the hub have to say to clients. */
export interface Outbound {
  /**
   * Encodes an event or a request.
   *
   * @throws {HoldfastError} `misuse`
   */
  encode(name: string, data: unknown, meta?: Meta): Encoded
  encodeRaw(data: string | ArrayBuffer | ArrayBufferView): Encoded
  post(held: SessionRecord, encoded: Encoded, how?: SendOptions): Delivery
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
  /** New messages are not sent any more. */
  stop(): void
}

/** A message that is ready to be sent, to any number of clients. */
export interface Encoded {
  readonly body: Body
  readonly bytes: number
  /** What is known of it when it is sent to many. */
  readonly shared: SharedMessage | undefined
}

export interface OutboundPorts {
  readonly buffers: Buffers
  /** Runs a step, which the application hears of when it is over. */
  during<T>(step: () => T): T
  /** An answer is larger than the client takes. */
  tooLarge(held: SessionRecord, error: unknown): void
  /** More waits for the client than the limits allow: its session must end. */
  overflowed(held: SessionRecord): void
  delivered(): void
}

/** What the numbers of a frame and the header of a binary one may add to its size, in bytes. */
const frameOverhead = 64
const pack = 16_384

export function createOutbound(
  contract: SchemaContract | undefined,
  { limits, ports: { clock } }: Policy,
  { buffers, during, overflowed, delivered, tooLarge }: OutboundPorts,
): Outbound {
  const { maxBufferedMessages, maxBufferedBytes } = limits
  const schemas = contract && new Map(Object.entries(contract.toClient ?? {}))
  let isStopped = false

  const largest = (held: SessionRecord): number => Math.min(held.maxPayload, maxBufferedBytes) - frameOverhead

  /** The outbox outlives connections, so it is linked to whatever line there is. */
  const link = (held: SessionRecord): Link<Body> => {
    let written: Line | undefined
    return {
      batchBytes: pack,
      bufferedAmount: () => held.connection?.bufferedAmount ?? 0,
      isWritable(bytes) {
        const isWritable = held.line?.isWritable(bytes) ?? false
        held.isBlocked = !isWritable
        return isWritable
      },
      write(message) {
        written = held.line!
        return written.write(message)
      },
      // Also when that line is closed by now: it then settles what it could not send.
      flushed() {
        written?.flushed?.()
        written = undefined
      },
      ask: () => held.line?.ask(),
    }
  }

  const outboxOf = (held: SessionRecord): SessionOutbox => {
    if (!held.outbox) {
      // Its own bounds would drop messages; here the session ends instead.
      const bounds = { maxMessages: Infinity, maxBytes: Infinity }
      held.outbox = createOutbox<Body, SharedMessage | undefined>(
        bounds,
        () => largest(held),
        link(held),
        clock,
        (shared, { status }, bytes) => {
          held.messages--
          held.bytes -= bytes
          buffers.remove(bytes, shared)
          if (status === 'delivered') delivered()
        },
      )
      if (held.stage === 'ended') held.outbox.refuse('session-lost')
    }
    return held.outbox
  }

  const push = (held: SessionRecord, encoded: Encoded, how: SendOptions): Sent => {
    const { body, bytes, shared } = encoded
    const isOver = held.messages >= maxBufferedMessages || held.bytes + bytes > maxBufferedBytes
    if (isOver && !how.volatile && bytes <= largest(held) && held.stage !== 'ended') overflowed(held)
    held.messages++
    held.bytes += bytes
    buffers.add(bytes, shared)
    const delivery = outboxOf(held).push(body, bytes, shared, how)
    buffers.relieve()
    return delivery
  }

  // All that is pushed here settles at once.
  let refusing: SessionOutbox | undefined
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
    isStopped ? refuse(encoded) : push(held, encoded, how)

  const requestsOf = (held: SessionRecord): Requests =>
    (held.requests ??= createRequests(clock, (id) => reply(held, null, { off: id })))

  const reply = (held: SessionRecord, data: unknown, meta: Meta): void => {
    const encoded = encodedOf(encodeBody(null, data, meta))
    if (encoded.bytes <= largest(held)) return during(() => void push(held, encoded, {}))
    tooLarge(held, misuse(`an answer of ${encoded.bytes} bytes, and the client takes ${largest(held)}`))
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
    stop: () => void (isStopped = true),
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
