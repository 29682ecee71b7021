import {
  createRequests,
  defaultMaxPayloadBytes,
  envelopeCodec,
  flatCodec,
  given,
  HoldfastError,
  misuse,
  reportRejection,
} from '@holdfast/protocol'
import type { Payload, PlainFrame, Requests } from '@holdfast/protocol'
import { fatal } from '../connection/attempt.ts'
import type { Conversation, OpenSocket } from '../connection/attempt.ts'
import { createHeartbeat } from '../connection/heartbeat.ts'
import type { Heartbeat } from '../connection/heartbeat.ts'
import type { Facts } from '../connection/states.ts'
import { sizeOf } from './wire.ts'
import type { BoundWire, Wire, WireHost } from './wire.ts'

/** The options of the plain wire: the format and the features of a server without Holdfast. All functions are synchronous. */
export interface PlainOptions {
  /**
   * The format of events: `flat` is `{"type":"chat","message":"hi"}`, and a handler receives the whole object;
   * `envelope` is `{"type":"chat","data":"hi"}`, and a handler receives the data.
   *
   * @default 'flat'
   */
  readonly shape?: 'flat' | 'envelope'
  /**
   * Encodes an event in a custom format; `id` is given for requests only.
   *
   * @throws any exception, for data that the format cannot represent; `send()` then throws `misuse` with it as
   * `cause`
   */
  readonly encode?: (name: string, data: unknown, id?: string) => Payload
  /**
   * Decodes a frame of a custom format; returns undefined for a frame that is not an event, which then goes to
   * `onRaw`. A string as `type` makes an event, an `id` that a request waits for makes its answer.
   */
  readonly decode?: (frame: string | Uint8Array) => PlainFrame | undefined
  /**
   * Returns the first message on every connection, such as a token. Undefined sends none.
   *
   * @example
   * plain({ greet: ({ token }) => JSON.stringify({ type: 'auth', token }), greeted: ({ type }) => type === 'welcome' })
   */
  readonly greet?: (context: { readonly token: string | undefined }) => Payload | undefined
  /**
   * Returns whether a frame shows that the server has accepted the greeting. Messages wait until then; handlers
   * receive the frame as well. An exception means that the server refused: the client refreshes the token once, then
   * gives up.
   *
   * Without it, the connection counts as open as soon as the greeting is sent.
   *
   * @example
   * plain({
   *   greeted({ type, data }) {
   *     if (type === 'denied') throw new Error('the server does not know this token', { cause: data })
   *     return type === 'welcome'
   *   },
   * })
   */
  readonly greeted?: (frame: PlainFrame) => boolean
  /** The heartbeat that the server answers. Without it the client cannot detect a dead connection. */
  readonly heartbeat?: PlainHeartbeat
  /**
   * The property that carries the id of a request, which the server echoes in its answer. Enables `request`. A
   * property `error` in the answer rejects the request with `remote`. Not needed beside both `encode` and `decode`,
   * which then carry the id.
   */
  readonly correlate?: string
  /**
   * The largest frame to send or parse, in bytes.
   *
   * @default 16_777_216
   */
  readonly maxPayloadBytes?: number
}

/** A message that the server answers, which shows whether a silent connection is alive. */
export interface PlainHeartbeat {
  /** The message to send, in its encoded form. */
  readonly message: Payload
  /** Returns whether a frame is the answer. Such frames are not delivered to handlers; they measure the rtt. */
  readonly isReply: (frame: PlainFrame) => boolean
  /**
   * How long the server may be silent before the client sends the message, in milliseconds. Any frame is proof of
   * life.
   *
   * @default 25_000
   */
  readonly interval?: number
  /**
   * How long it may take to answer, in milliseconds.
   *
   * @default 10_000
   */
  readonly timeout?: number
}

/**
 * The wire for plain JSON servers: flat events; no greeting, no heartbeat and no requests unless configured.
 *
 * It requires no support by the server. It cannot determine whether a message arrived.
 */
/* @__NO_SIDE_EFFECTS__ */
export function plain(options: PlainOptions = {}): Wire {
  const { correlate, maxPayloadBytes = defaultMaxPayloadBytes } = options
  if (!(maxPayloadBytes >= 0)) throw misuse('maxPayloadBytes must be a number of 0 or more')
  // A custom format has to carry the id in both directions.
  const carriesIds = correlate !== undefined || (options.encode && options.decode)
  const codec = options.shape === 'envelope' ? envelopeCodec : flatCodec
  const {
    encode = (name, data, id) => codec.encode(name, data, correlate, id),
    decode = (frame) => (typeof frame === 'string' ? codec.decode(frame, correlate) : undefined),
  } = options
  const heartbeat =
    options.heartbeat && createHeartbeat({ interval: 25_000, timeout: 10_000, ...given(options.heartbeat) })
  return {
    maxPayloadBytes,
    bind(host) {
      const requests = createRequests(host.clock, host.outgoing)
      return bindPlain(
        {
          maxSendBytes: maxPayloadBytes,
          encode: (name, data, id) => encode(name, data, id === undefined ? id : String(id)),
          dispose: requests.dispose,
          ...(carriesIds && { request: requests.open }),
        },
        (socket) => converse({ ...options, decode }, socket, host, factsOf(heartbeat), requests),
      )
    },
  }
}

/** The default wire of a client: what `plain()` does, without the code for its options. */
export function defaultWire(): Wire {
  return {
    maxPayloadBytes: defaultMaxPayloadBytes,
    bind: (host) =>
      bindPlain({ encode: (name, data) => flatCodec.encode(name, data) }, (socket) => {
        socket.confirm(factsOf())
        return createConversation(host, (data, isFirst) =>
          route(
            (typeof data === 'string' && flatCodec.decode(data)) || { data },
            data,
            isFirst,
            socket,
            host,
          ),
        )
      }),
  }
}

/** Greets the server, and waits for its word if `greeted` asks for it. */
function converse(
  { decode, greet, greeted, heartbeat }: PlainOptions & Required<Pick<PlainOptions, 'decode'>>,
  socket: OpenSocket,
  host: WireHost,
  facts: Facts,
  requests: Requests,
): Conversation {
  let isAccepted = !greeted
  const refuse = (error: unknown): void =>
    socket.fail({ cause: { reason: 'refused', error }, rule: { reason: 'refused', action: 'refresh' } })
  const sync = <Result>(result: Result): Result => {
    if (typeof (result as Partial<PromiseLike<unknown>> | null | undefined)?.then !== 'function')
      return result
    reportRejection(result, host.report)
    // It would be sent as text, or count as true.
    throw misuse('the functions of plain() must be synchronous')
  }
  const accept = (): void => {
    isAccepted = true
    socket.confirm(facts)
  }

  try {
    const greeting = sync(greet?.({ token: host.token() }))
    if (greeting !== undefined) socket.write(greeting)
    if (isAccepted) accept()
  } catch (error) {
    refuse(error)
  }

  const received = (data: Payload, isFirst: boolean): void => {
    let frame: PlainFrame
    let isReply: boolean | undefined
    try {
      frame = sync(decode(data)) ?? { data }
      isReply = sync(heartbeat?.isReply(frame))
    } catch (error) {
      return host.invalid({ reason: 'undecodable', data, error })
    }
    if (isReply) return socket.answered()
    if (!isAccepted)
      try {
        if (sync(greeted!(frame))) accept()
      } catch (error) {
        refuse(error)
      }
    const { id, data: answer, error } = frame
    const isAnswer =
      (error ?? null) === null
        ? requests.answer(id, answer)
        : requests.refuse(id, 'the server answered with an error', { data: error })
    if (!isAnswer) route(frame, data, isFirst, socket, host)
  }
  return createConversation(host, received, requests.lost, () => heartbeat && socket.write(heartbeat.message))
}

/** What every plain wire does, and nothing where a wire does more. */
function bindPlain(
  own: Pick<BoundWire, 'encode'> & Partial<BoundWire>,
  open: (socket: OpenSocket) => Conversation,
): BoundWire {
  let current: OpenSocket | undefined
  return {
    link: {
      bufferedAmount: () => current!.bufferedAmount(),
      isWritable: () => !!current?.isWritable(),
      write(message) {
        const isWritten = current!.write(message.body as Payload)
        if (isWritten) message.settle({ status: 'sent' })
        return isWritten
      },
    },
    maxSendBytes: defaultMaxPayloadBytes,
    unacknowledged: 0,
    encodeRaw: (data) => data,
    sizeOf,
    open: (socket) => open((current = socket)),
    request() {
      throw misuse('request() needs session() or plain({ correlate })')
    },
    handle() {
      throw misuse('handle() needs session()')
    },
    closed: nothing,
    discard: nothing,
    dispose: nothing,
    ...own,
  }
}

/** `lost` is called when the connection has ended, or is about to. */
function createConversation(
  { invalid }: WireHost,
  received: (data: Payload, isFirst: boolean) => void,
  lost: () => void = nothing,
  probe: () => void = nothing,
): Conversation {
  let isFirst = true
  return {
    received(data) {
      const first = isFirst
      isFirst = false
      received(data, first)
    },
    refused: invalid,
    probe,
    close() {
      lost()
      return false
    },
    retryAfter: nothing,
    ended: lost,
  }
}

const nothing = (): undefined => {}

function factsOf(heartbeat?: Heartbeat): Facts {
  return { heartbeat, resumption: { resumed: false, replayed: 0 } }
}

function route(
  { type, data }: PlainFrame,
  raw: Payload,
  isFirst: boolean,
  socket: OpenSocket,
  host: WireHost,
): void {
  if (typeof type === 'string') host.event(type, data)
  else if (isFirst && typeof raw === 'string' && raw.startsWith('["holdfast",{'))
    socket.fail({
      cause: {
        reason: 'wire-mismatch',
        error: new HoldfastError('wire-mismatch', 'the server requires wire: session()'),
      },
      rule: fatal,
    })
  else host.raw(raw)
}
