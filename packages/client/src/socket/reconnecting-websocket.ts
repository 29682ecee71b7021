import { given, misuse, namesOf, reportRejection } from '@holdfast/protocol'
import { fatal, retry } from '../connection/attempt.ts'
import type { Conversation, Failure, OpenSocket, Prepared } from '../connection/attempt.ts'
import type { Cause } from '../connection/cause.ts'
import { createConnection } from '../connection/connection.ts'
import type { Heartbeat } from '../connection/heartbeat.ts'
import type { Connection } from '../connection/connection.ts'
import type { State } from '../connection/states.ts'
import { isLive, lost } from '../connection/retry.ts'
import { systemPorts } from '../platform/ports.ts'
import type { Ports, SocketConstructor, SocketLike } from '../platform/ports.ts'
import { readUrl } from '../platform/url.ts'
import { checkClosing, domException, socketProtocols, socketUrl } from './arguments.ts'
import { EventHandlers } from './event-handlers.ts'
import { createEvent, EventTargetBase } from './event-target.ts'
import { policyOf, resolveOptions } from './options.ts'
import type { ResolvedOptions } from './options.ts'
import { dataOf, SendQueue, sizeOf } from './queue.ts'
import type {
  EventHandler,
  EventListenerLike,
  ListenerOptions,
  ProtocolsProvider,
  ReconnectingWebSocketOptions,
  SocketCloseEvent,
  SocketData,
  SocketErrorEvent,
  SocketEvent,
  SocketEventMap,
  SocketMessageEvent,
  UrlProvider,
} from './types.ts'

const facts = { resumption: { resumed: false, replayed: 0 } }

/** What is known of the end of a connection. */
interface End {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

const lostEnd: End = { code: 1006, reason: '', wasClean: false }

/**
 * A `WebSocket` that connects again: the same interface, for code that expects the native class, `reconnecting-websocket` or
 * `partysocket`.
 *
 * Messages wait while there is no connection, and are written before the `open` event. Like the native class it cannot know
 * whether a message arrived; `createClient` with `session()` does.
 *
 * @throws {DOMException} `SyntaxError` for a URL or subprotocols that no socket takes
 * @throws {HoldfastError} `misuse` for invalid options
 * @example
 * const socket = new ReconnectingWebSocket('wss://example.com/ws')
 * socket.addEventListener('message', ({ data }) => console.log(data))
 * socket.send('hi')
 * @see WHATWG WebSockets, section 3
 */
export class ReconnectingWebSocket extends EventTargetBase {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3
  declare onopen: EventHandler<SocketEvent>
  declare onmessage: EventHandler<SocketMessageEvent>
  declare onerror: EventHandler<SocketErrorEvent>
  declare onclose: EventHandler<SocketCloseEvent>

  static {
    for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }))
      for (const owner of [this, this.prototype])
        Object.defineProperty(owner, name, { value, enumerable: true })
    for (const type of ['open', 'message', 'error', 'close'])
      Object.defineProperty(this.prototype, `on${type}`, {
        get(this: ReconnectingWebSocket) {
          return this.#handlers.get(type)
        },
        set(this: ReconnectingWebSocket, handler: unknown) {
          this.#handlers.set(type, handler)
        },
        enumerable: true,
        configurable: true,
      })
  }

  readonly #options: ResolvedOptions
  readonly #ports: Ports
  readonly #connection: Connection
  readonly #queue: SendQueue
  readonly #handlers = new EventHandlers(this)
  #url = ''
  #binaryType: 'blob' | 'arraybuffer' = 'blob'
  /** The latest socket, which may have ended. */
  #socket: (SocketLike & { readonly url?: string; readonly extensions?: string }) | undefined
  #retryCount = 0
  /** The bytes that were dropped, because they were sent when nothing could take them. */
  #dropped = 0
  /** The connection of that socket, while it is open. */
  #open: OpenSocket | undefined
  /** How the current connection ends, as far as it is known; a native `error` event comes before that. */
  #end: End | undefined
  #error: { readonly error?: unknown; readonly message?: string } | undefined
  /** `close()` was called before there was a connection, and the events follow. */
  #isCancelled = false
  /** What to dispatch when the decision not to dial again has been carried out. */
  #withheld: (() => void) | undefined

  constructor(url: UrlProvider, protocols?: ProtocolsProvider, options?: ReconnectingWebSocketOptions) {
    super()
    this.#options = resolveOptions(options)
    this.#ports = { ...systemPorts, ...given(this.#options.ports, namesOf(systemPorts)) }
    const { maxEnqueuedMessages, maxEnqueuedBytes, startClosed } = this.#options
    this.#queue = new SendQueue(maxEnqueuedMessages, maxEnqueuedBytes)
    if (typeof url !== 'function') this.#url = socketUrl(url)
    if (typeof protocols !== 'function') socketProtocols(protocols)
    this.#connection = createConnection({
      policy: policyOf(this.#options),
      ports: this.#ports,
      diagnosis: undefined,
      closed: (event) => this.#closed(Object(event) as Partial<End>),
      errored: (event) => {
        const { error, message = '' } = Object(event) as { error?: unknown; message?: string }
        this.#error = { error, message }
      },
      prepare: () => this.#prepare(url, protocols),
      open: (socket) => this.#converse(socket),
      received: (data, conversation) => conversation.received(data as never),
      opened() {},
      flush() {},
      changed: (state, previous) => this.#changed(state, previous),
    })
    if (!startClosed) this.#connection.dispatch({ type: 'connect' })
  }

  /** 0 while it dials, 1 while it is open, 2 while it closes, and 3 without a connection, also while it waits to dial again. */
  get readyState(): 0 | 1 | 2 | 3 {
    const { name } = this.#connection.state
    if (this.#isCancelled || name === 'closing') return 2
    if (name === 'open') return (this.#socket?.readyState ?? 3) as 1 | 2 | 3
    return isLive(this.#connection.state) ? 0 : 3
  }

  /** The URL of the latest attempt. Empty until a function has returned the first. */
  get url(): string {
    return this.#socket?.url ?? this.#url
  }

  get protocol(): string {
    return this.#socket?.protocol ?? ''
  }

  get extensions(): string {
    return this.#socket?.extensions ?? ''
  }

  /** The bytes that wait here and in the native socket, and those that were dropped because nothing could take them. */
  get bufferedAmount(): number {
    return this.#queue.bytes + this.#dropped + (this.#socket?.bufferedAmount ?? 0)
  }

  /** The form of bytes that come in, on this connection and later ones. */
  get binaryType(): 'blob' | 'arraybuffer' {
    return this.#binaryType
  }

  set binaryType(type: 'blob' | 'arraybuffer') {
    if (type !== 'blob' && type !== 'arraybuffer') return
    this.#binaryType = type
    if (this.#socket) this.#socket.binaryType = type
  }

  /** How many attempts or connections in a row have failed, until a connection is stable; see `minUptime`. */
  get retryCount(): number {
    return this.#isStable(this.#connection.state) ? 0 : this.#retryCount
  }

  /** Whether the socket has a connection, dials, or will dial again by itself. */
  get shouldReconnect(): boolean {
    const { state } = this.#connection
    return isLive(state) || state.name === 'waiting'
  }

  /**
   * Sends the data, or queues it while there is no connection. Returns whether it was handed to an open socket.
   *
   * @throws {DOMException} `InvalidStateError` while the first attempt runs, if both queue and retries are off
   */
  send(data: SocketData): boolean {
    if (arguments.length === 0) throw new TypeError('send() needs an argument')
    const content = dataOf(data)
    const { readyState } = this
    if (readyState === 1 && this.#open!.write(content as never)) return true
    const { maxEnqueuedMessages, maxRetries } = this.#options
    if (readyState === 0 && maxEnqueuedMessages === 0 && maxRetries === 0)
      throw domException('InvalidStateError', 'the socket is not open yet')
    if (!this.#queue.push(content)) this.#dropped += sizeOf(content)
    return false
  }

  /** Removes the messages that wait, and returns them, the oldest first. */
  drainQueuedMessages(): SocketData[] {
    return this.#queue.drain()
  }

  /**
   * Ends the connection, and does not dial again before `reconnect()`.
   *
   * @throws {DOMException} `InvalidAccessError` for a code other than 1000 and 3000 to 4999, `SyntaxError` for a reason of more
   *   than 123 bytes
   */
  close(code?: number, reason?: string): void {
    checkClosing(code, reason)
    const isImmediate = this.#options.closeImmediately ?? false
    this.#beginClose(isImmediate, code, reason)
    this.#connection.dispatch({ type: 'stop', cause: { reason: 'disconnect' }, graceful: !isImmediate })
  }

  /**
   * Ends the connection, if there is one, with one `close` event, and dials again at once. The retries are counted anew.
   *
   * @throws {DOMException} as `close()` does
   */
  reconnect(code?: number, reason?: string): void {
    checkClosing(code, reason)
    this.#beginClose(true, code ?? 1000, reason)
    this.#connection.dispatch({ type: 'stop', cause: { reason: 'reconnect' }, graceful: false })
    this.#connection.dispatch({ type: 'connect' })
    this.#retryCount = 0
  }

  override addEventListener<Type extends keyof SocketEventMap>(
    type: Type,
    listener: EventListenerLike<SocketEventMap[Type]> | null,
    options?: boolean | ListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerLike | null,
    options?: boolean | ListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerLike<never> | null,
    options?: boolean | ListenerOptions,
  ): void {
    super.addEventListener(type, listener, options)
  }

  async #prepare(url: UrlProvider, protocols: ProtocolsProvider | undefined): Promise<Prepared> {
    let rule = retry
    try {
      const source = typeof url === 'function' ? await url() : url
      const offered = typeof protocols === 'function' ? await protocols() : protocols
      // Failures from here on are permanent.
      rule = fatal
      const target = socketUrl(source)
      const names = socketProtocols(offered)
      const Socket = this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
      if (!Socket) throw misuse('no WebSocket: pass the option WebSocket')
      return { url: target, open: () => this.#dial(new Socket(target, names), target) }
    } catch (error) {
      return { cause: { reason: 'url', error }, rule }
    }
  }

  #dial(socket: SocketLike, url: string): SocketLike {
    this.#url = url
    return (this.#socket = socket)
  }

  /** The end of the native socket, with what only a DOM event has. */
  #closed({ code = 1006, reason = '', wasClean = false }: Partial<End>): Failure {
    this.#end = { code, reason, wasClean }
    return { cause: { reason: 'closed', code }, rule: code === 1006 ? lost : retry }
  }

  #converse(socket: OpenSocket): Conversation {
    const { heartbeat } = this.#options
    this.#open = socket
    this.#socket!.binaryType = this.#binaryType
    const origin = readUrl(this.#url, 'origin') ?? ''
    socket.confirm({ ...facts, heartbeat: heartbeat?.heartbeat as Heartbeat | undefined })
    return {
      received: (data) => {
        if (heartbeat && this.#ask(() => heartbeat.isReply(data)) === true) socket.answered()
        else this.dispatchEvent(createEvent(this, 'message', { data, origin }))
      },
      refused() {},
      probe: () => socket.write(heartbeat!.message),
      close: () => false,
      retryAfter: () => undefined,
      ended() {},
    }
  }

  /** Begins the closing handshake. The `close` event tells these arguments if it does not wait for the native one. */
  #beginClose(isImmediate: boolean, code: number | undefined, reason: string | undefined): void {
    const { state } = this.#connection
    if (isImmediate && isLive(state)) this.#end = { code: code ?? 1000, reason: reason ?? '', wasClean: true }
    if (state.name !== 'open') return
    if (reason !== undefined) this.#socket!.close(code, reason)
    else if (code !== undefined) this.#socket!.close(code)
    else this.#socket!.close()
  }

  #changed(state: State, previous: State): void {
    const { debug, debugLogger = log } = this.#options
    if (debug) this.#ask(() => debugLogger('holdfast:', state.name, state.cause ?? ''))
    const withheld = this.#withheld
    this.#withheld = undefined
    withheld?.()
    const isOver = isLive(previous) || previous.name === 'closing'
    const goesOn = state.epoch === previous.epoch && (isLive(state) || state.name === 'closing')
    if (isOver && !goesOn) this.#ended(state, previous)
    if (state.name === 'open' && previous.name !== 'open') this.#opened()
  }

  #opened(): void {
    this.#end = this.#error = undefined
    const { isWritable, write } = this.#open!
    this.#queue.flush((data) => isWritable() && write(data as never))
    this.dispatchEvent(createEvent(this, 'open'))
  }

  #ended(state: State, previous: State): void {
    const { cause } = state
    const end = this.#end ?? lostEnd
    const isQuiet = this.#end !== undefined || quiet.includes(cause!.reason)
    const isCancelled = cause!.reason === 'disconnect' && previous.name !== 'closing' && !this.#end
    const failure = this.#error ?? (isQuiet && !isCancelled ? undefined : failureOf(cause!))
    this.#end = this.#error = undefined
    if (!quiet.includes(cause!.reason))
      this.#retryCount = this.#isStable(previous) ? 1 : previous.tally.attempts
    const closed = createEvent(this, 'close', end) as SocketCloseEvent
    const dispatch = (): void => {
      if (failure) this.dispatchEvent(createEvent(this, 'error', failure))
      this.dispatchEvent(closed)
    }
    if (isCancelled) {
      this.#isCancelled = true
      // As the standard has it: a task of its own.
      this.#ports.clock.setTimer(() => {
        this.#isCancelled = false
        dispatch()
      }, 0)
    } else if (
      state.name === 'waiting' &&
      this.#ask(() => this.#options.shouldReconnectOnClose?.(closed)) === false
    ) {
      this.#withheld = dispatch
      this.#connection.dispatch({ type: 'stop', cause: state.cause, graceful: false })
    } else dispatch()
  }

  #isStable(state: State): boolean {
    return state.name === 'open' && this.#ports.clock.now() - state.openedAt >= this.#options.minUptime
  }

  /** Calls a function of the application, which may throw, or reject although it must be synchronous. */
  #ask(question: () => unknown): unknown {
    const { report } = this.#ports
    try {
      const answer = question()
      reportRejection(answer, report)
      return answer
    } catch (error) {
      report(error)
      return undefined
    }
  }
}

/** The reasons of ends that are not failures. */
const quiet: readonly string[] = ['left', 'change', 'reconnect', 'disconnect']

function failureOf({ reason, error }: Cause): { readonly error: unknown; readonly message: string } {
  const { message = reason } = Object(error) as { message?: string }
  return { error, message: reason === 'timeout' ? 'TIMEOUT' : message }
}

function log(...values: unknown[]): void {
  ;(globalThis as unknown as { console?: { log(...values: unknown[]): void } }).console?.log(...values)
}
