import {
  given,
  defaultMaxPayloadBytes,
  envelopeCodec,
  flatCodec,
  HoldfastError,
  misuse,
  reportRejection,
} from '@holdfast/protocol'
import type { Payload, PlainFrame } from '@holdfast/protocol'
import { fatal } from '../connection/attempt.ts'
import type { Conversation, OpenSocket } from '../connection/attempt.ts'
import type { Facts } from '../connection/states.ts'
import type { BindableCorrelation, Correlation, PlainRequests } from './correlated.ts'
import type { PlainHeartbeat } from './ping.ts'
import { sizeOf } from './wire.ts'
import type { BindableWire, BoundWire, Wire, WireHost } from './wire.ts'

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
  /** The heartbeat that the server answers: `ping()`. Without it the client cannot detect a dead connection. */
  readonly heartbeat?: PlainHeartbeat
  /** How the server answers requests: `correlated()`. Without it `request()` throws. */
  readonly requests?: Correlation
  /**
   * The largest frame to send or parse, in bytes.
   *
   * @default 16_777_216
   */
  readonly maxPayloadBytes?: number
}

/**
 * The wire for plain JSON servers: flat events; no greeting, no heartbeat and no requests unless configured.
 *
 * It requires no support by the server. It cannot determine whether a message arrived.
 *
 * @throws {HoldfastError} `misuse`
 */
/* @__NO_SIDE_EFFECTS__ */
export function plain(options?: PlainOptions): Wire {
  const chosen = given(options, 'shape, encode, decode, greet, greeted, heartbeat, requests, maxPayloadBytes')
  const { shape = 'flat', heartbeat, requests, maxPayloadBytes = defaultMaxPayloadBytes } = chosen
  if (!(maxPayloadBytes >= 0)) throw misuse('maxPayloadBytes must be a number of 0 or more')
  if (!/^(flat|envelope)$/.test(shape)) throw misuse("shape is 'flat' or 'envelope'")
  if ((heartbeat && !heartbeat.heartbeat) || (requests && !requests.property))
    throw misuse('write heartbeat: ping({ … }), requests: correlated()')
  const codec = shape === 'envelope' ? envelopeCodec : flatCodec
  const {
    encode = (name, data, id) => codec.encode(name, data, requests?.property, id),
    decode = (frame) => (typeof frame === 'string' ? codec.decode(frame, requests?.property) : undefined),
  } = chosen
  const wire: BindableWire = {
    maxPayloadBytes,
    bind(host) {
      const pending = (requests as BindableCorrelation | undefined)?.bind(host)
      return bindPlain(
        {
          maxSendBytes: maxPayloadBytes,
          encode: (name, data, id) => encode(name, data, id === undefined ? id : String(id)),
          ...pending,
        },
        (socket) => converse({ ...chosen, decode }, socket, host, pending),
      )
    },
  }
  return wire
}

/** The default wire of a client: what `plain()` does, without the code for its options. */
export function defaultWire(): BindableWire {
  return {
    maxPayloadBytes: defaultMaxPayloadBytes,
    bind: (host) =>
      bindPlain({ encode: (name, data) => flatCodec.encode(name, data) }, (socket) => {
        socket.confirm(factsOf())
        return createConversation(
          socket,
          host,
          (data) => (typeof data === 'string' && flatCodec.decode(data)) || { data },
        )
      }),
  }
}

/** Greets the server, and waits for its word if `greeted` asks for it. */
function converse(
  { decode, greet, greeted, heartbeat }: PlainOptions & Required<Pick<PlainOptions, 'decode'>>,
  socket: OpenSocket,
  host: WireHost,
  requests: PlainRequests | undefined,
): Conversation {
  const sync = <Result>(result: Result): Result => {
    if (typeof (result as Partial<PromiseLike<unknown>> | null | undefined)?.then !== 'function')
      return result
    reportRejection(result, host.report)
    // A promise would be sent as text, or count as true.
    throw misuse('the functions of plain() and ping() must be synchronous')
  }
  let isAccepted = false
  const shake = (isDone: () => boolean): void => {
    try {
      isAccepted = sync(isDone())
      if (isAccepted) socket.confirm(factsOf(heartbeat?.heartbeat as Facts['heartbeat']))
    } catch (error) {
      socket.fail({ cause: { reason: 'refused', error }, rule: { reason: 'refused', action: 'refresh' } })
    }
  }

  shake(() => {
    const greeting = sync(greet?.({ token: host.token() }))
    if (greeting !== undefined) socket.write(greeting)
    return !greeted
  })

  const read = (data: Payload): PlainFrame | undefined => {
    let frame: PlainFrame
    try {
      frame = sync(decode(data)) ?? { data }
      if (sync(heartbeat?.isReply(frame))) {
        socket.answered()
        return undefined
      }
    } catch (error) {
      host.invalid({ reason: 'undecodable', data, error })
      return undefined
    }
    if (!isAccepted) shake(() => greeted!(frame))
    return requests?.isAnswer(frame) ? undefined : frame
  }
  return createConversation(socket, host, read, requests?.lost, () => socket.write(heartbeat!.message))
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
      throw misuse('request() needs session() or plain({ requests: correlated() })')
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

/**
 * `read` decodes a payload, and returns the frame to deliver to the handlers, if any. `lost` is called when the connection has
 * ended, or is about to.
 */
function createConversation(
  socket: OpenSocket,
  host: WireHost,
  read: (data: Payload) => PlainFrame | undefined,
  lost: () => void = nothing,
  probe: () => void = nothing,
): Conversation {
  let isFirst = true
  return {
    received(data) {
      // Only the first message, because later ones may come from other clients of the server.
      const isBanner = isFirst && typeof data === 'string' && data.startsWith('["holdfast",{')
      isFirst = false
      const frame = read(data)
      if (!frame) return
      if (typeof frame.type === 'string') host.event(frame.type, frame.data)
      else if (isBanner)
        socket.fail({
          cause: {
            reason: 'wire-mismatch',
            error: new HoldfastError('wire-mismatch', 'the server requires wire: session()'),
          },
          rule: fatal,
        })
      else host.raw(data)
    },
    refused: host.invalid,
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

function factsOf(heartbeat?: Facts['heartbeat']): Facts {
  return { heartbeat, resumption: { resumed: false, replayed: 0 } }
}
