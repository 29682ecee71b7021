import { given, namesOf, reportRejection } from '@holdfast/protocol'
import { fatal, retry } from '../connection/attempt.ts'
import type { Conversation, Failure, OpenSocket, Prepared } from '../connection/attempt.ts'
import { createConnection } from '../connection/connection.ts'
import type { Connection } from '../connection/connection.ts'
import type { Facts, State } from '../connection/states.ts'
import { isLive, lost } from '../connection/retry.ts'
import { systemPorts } from '../platform/ports.ts'
import type { Ports, SocketLike } from '../platform/ports.ts'
import { readUrl } from '../platform/url.ts'
import { checkClosing, domException, socketProtocols, socketUrl, textOf } from './arguments.ts'
import type { Closing } from './arguments.ts'
import { createEventHandlers } from './event-handlers.ts'
import { failureOf, isQuiet, lostEnd } from './end.ts'
import type { End, Fault } from './end.ts'
import { createEvent, createMessage, EventTargetBase } from './event-target.ts'
import { socketClass } from './native.ts'
import { policyOf, resolveOptions } from './options.ts'
import type { ResolvedOptions } from './options.ts'
import { dataOf, SendQueue, sizeOf } from './queue.ts'
import type {
  EventHandler,
  ProtocolsProvider,
  ReconnectingWebSocketOptions,
  SocketCloseEvent,
  SocketData,
  SocketErrorEvent,
  SocketEvent,
  SocketMessageEvent,
  UrlProvider,
} from './types.ts'

declare const console: { log(...values: unknown[]): void }

/**
 * A `WebSocket` that connects again: the same interface, for code that expects the native class, `reconnecting-websocket` or
 * `partysocket`.
 *
 * Messages wait while there is no connection, and are written before the `open` event. Like the native class it cannot know
 * whether a message arrived; `createClient` with `session()` does.
 *
 * @throws {DOMException} `SyntaxError` for a URL or subprotocols that no socket takes
 * @throws {TypeError} without a URL
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

  // As Web IDL has it: members are enumerable, and the class names itself as the native one does.
  static {
    const { prototype } = this
    for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }))
      for (const owner of [this, prototype]) Object.defineProperty(owner, name, { value, enumerable: true })
    for (const name of Object.getOwnPropertyNames(prototype))
      if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true })
    Object.defineProperty(prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true })
  }

  readonly #options: ResolvedOptions
  readonly #ports: Ports
  readonly #connection: Connection
  readonly #queue = new SendQueue()
  readonly #handlers = createEventHandlers(this)
  #url = ''
  #origin = ''
  #binaryType: 'blob' | 'arraybuffer' = 'blob'
  /** The latest socket, which may have ended. */
  #socket: (SocketLike & { readonly url?: string; readonly extensions?: string }) | undefined
  #retryCount = 0
  /** The bytes that were dropped, because they were sent when nothing could take them. */
  #dropped = 0
  /** The connection of that socket, while it is open. */
  #open: OpenSocket | undefined
  /** How the current connection ends, as far as it is known. */
  #end: End | undefined
  /** The `error` event of the current attempt or connection was dispatched, and its end follows. */
  #hasFailed = false
  /** `close()` was called before there was a connection, and the events follow. */
  #isCancelled = false
  /** What to dispatch when the decision not to dial again has been carried out. */
  #withheld: (() => void)[] = []

  constructor(url: UrlProvider, protocols: ProtocolsProvider = null, options?: ReconnectingWebSocketOptions) {
    super()
    this.#options = resolveOptions(options)
    this.#ports = { ...systemPorts, ...given(this.#options.ports, namesOf(systemPorts)) }
    const { startClosed, maxRetries, heartbeat } = this.#options
    if (typeof url !== 'function') this.#url = socketUrl(url)
    if (typeof protocols !== 'function') socketProtocols(protocols)
    this.#connection = createConnection({
      policy: policyOf(this.#options),
      // Without retries the page does not matter to it, as it does not to the native class.
      ports:
        maxRetries > 0 || heartbeat
          ? this.#ports
          : { ...this.#ports, signals: { listen: () => undefined as never, isOffline: () => false } },
      diagnosis: undefined,
      closed: (event) => this.#closed(Object(event) as Partial<End>),
      errored: (event) => {
        const { error, message = '' } = Object(event) as Fault
        this.#count(this.#connection.state)
        this.#fail({ error, message })
      },
      prepare: () => this.#prepare(url, protocols),
      open: (socket) => this.#converse(socket),
      received: (data) => this.#received(data),
      opened() {},
      flush() {},
      changed: (state, previous) => this.#changed(state, previous),
    })
    if (!startClosed) this.#connection.dispatch({ type: 'connect' })
  }

  /** 0 while it dials, 1 while it is open, 2 while it closes, and 3 without a connection, also while it waits to dial again. */
  get readyState(): 0 | 1 | 2 | 3 {
    const { name } = this.#connection.state
    // A native socket has failed before it says so.
    if (this.#hasFailed && this.#socket?.readyState !== 1) return 3
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
    const name = textOf(type) as typeof type
    if (name !== 'blob' && name !== 'arraybuffer') return
    this.#binaryType = name
    if (this.#socket) this.#socket.binaryType = name
  }

  get onopen(): EventHandler<SocketEvent> {
    return this.#handlers.get('open')
  }

  set onopen(handler: EventHandler<SocketEvent>) {
    this.#handlers.set('open', handler)
  }

  get onmessage(): EventHandler<SocketMessageEvent> {
    return this.#handlers.get('message')
  }

  set onmessage(handler: EventHandler<SocketMessageEvent>) {
    this.#handlers.set('message', handler)
  }

  get onerror(): EventHandler<SocketErrorEvent> {
    return this.#handlers.get('error')
  }

  set onerror(handler: EventHandler<SocketErrorEvent>) {
    this.#handlers.set('error', handler)
  }

  get onclose(): EventHandler<SocketCloseEvent> {
    return this.#handlers.get('close')
  }

  set onclose(handler: EventHandler<SocketCloseEvent>) {
    this.#handlers.set('close', handler)
  }

  /** How many attempts or connections in a row have failed, until a connection is stable; see `minUptime`. */
  get retryCount(): number {
    return this.#isStable(this.#connection.state) ? 0 : this.#retryCount
  }

  /** Whether the socket has a connection, dials, or will dial again by itself. */
  get shouldReconnect(): boolean {
    const { state } = this.#connection
    const isHopeless = this.#hasFailed && this.#retryCount > this.#options.maxRetries
    return (isLive(state) && !isHopeless) || state.name === 'waiting'
  }

  /**
   * Sends the data, or queues it while there is no connection. Returns whether it was handed to an open socket, as partysocket
   * does, and nothing if both queue and retries are off, as the native class does.
   *
   * @throws {DOMException} `InvalidStateError` while the first attempt runs, if both queue and retries are off
   * @throws {TypeError} without an argument, and for what the native socket does not take
   */
  send(data: SocketData): boolean | undefined {
    if (arguments.length === 0) throw new TypeError('send() needs an argument')
    const content = dataOf(data)
    const { readyState } = this
    const { isPlain } = this.#options
    if (isPlain && readyState === 0) throw domException('InvalidStateError', 'the socket is not open yet')
    const isSent = readyState === 1 && this.#write(content)
    if (!isSent && !this.#queue.push(content, this.#options)) this.#dropped += sizeOf(content)
    return isPlain ? undefined : isSent
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
  close(...closing: readonly [code?: number, reason?: string]): void {
    const { closeImmediately: isImmediate = false } = this.#options
    checkClosing(closing)
    this.#beginClose(isImmediate, closing)
    this.#connection.dispatch({ type: 'stop', cause: { reason: 'disconnect' }, graceful: !isImmediate })
  }

  /**
   * Ends the connection, if there is one, with one `close` event, and dials again at once. The retries are counted anew.
   *
   * @throws {DOMException} as `close()` does
   */
  reconnect(code = 1000, ...reason: [reason?: string]): void {
    checkClosing([code, ...reason])
    this.#beginClose(true, [code, ...reason])
    this.#connection.dispatch({ type: 'stop', cause: { reason: 'reconnect' }, graceful: false })
    this.#connection.dispatch({ type: 'connect' })
    this.#retryCount = 0
  }

  async #prepare(url: UrlProvider, protocols: ProtocolsProvider): Promise<Prepared> {
    let rule = retry
    try {
      const source = typeof url === 'function' ? await url() : url
      const offered = typeof protocols === 'function' ? await protocols() : protocols
      // Failures from here on are permanent.
      rule = fatal
      const target = socketUrl(source)
      const names = socketProtocols(offered)
      const Socket = socketClass(this.#options.WebSocket)
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
    this.#origin = readUrl(this.#url, 'origin') ?? ''
    // What only a client reads is left out.
    socket.confirm({ heartbeat: heartbeat?.heartbeat } as Facts)
    return {
      probe: () => socket.write(heartbeat!.message),
      close: () => false,
      ended() {},
    } as Partial<Conversation> as Conversation
  }

  #received(data: unknown): void {
    const { heartbeat } = this.#options
    if (heartbeat && this.#ask(() => heartbeat.isReply(data)) === true) this.#open!.answered()
    else this.dispatchEvent(createMessage(this, data, this.#origin))
  }

  /** @throws {TypeError} for what the native socket does not take */
  #write(data: SocketData): boolean {
    try {
      this.#socket!.send(data as never)
      return true
    } catch (error) {
      if ((error as Error | undefined)?.name === 'TypeError') throw error
      this.#open!.fail({ cause: { reason: 'send-failed', error }, rule: retry })
      return false
    }
  }

  /** Begins the closing handshake. The `close` event tells these arguments if it does not wait for the native one. */
  #beginClose(isImmediate: boolean, closing: Closing): void {
    const { state } = this.#connection
    const [code = 1000, reason = ''] = closing
    if (isImmediate && isLive(state) && !this.#hasFailed) this.#end = { code, reason, wasClean: true }
    if (state.name === 'open') this.#socket!.close(...closing)
  }

  #changed(state: State, previous: State): void {
    const { debug, debugLogger } = this.#options
    if (debug) this.#ask(() => (debugLogger ?? console.log)('holdfast:', state.name, state.cause ?? ''))
    for (const dispatch of this.#withheld.splice(0)) dispatch()
    const isOver = isLive(previous) || previous.name === 'closing'
    const goesOn = state.epoch === previous.epoch && (isLive(state) || state.name === 'closing')
    if (isOver && !goesOn) this.#ended(state, previous)
    if (state.name === 'open' && previous.name !== 'open') this.#opened()
  }

  #opened(): void {
    this.#end = undefined
    // A message that no socket takes must not come again with each connection.
    this.#queue.flush((data) => this.#open!.isWritable() && this.#ask(() => this.#write(data)) !== false)
    this.dispatchEvent(createEvent(this, 'open'))
  }

  #ended(state: State, previous: State): void {
    const cause = state.cause!
    const isFailure = !isQuiet(cause)
    const isCancelled = cause.reason === 'disconnect' && previous.name !== 'closing' && !this.#end
    const mustFail = isCancelled || (isFailure && !this.#end)
    const closed = createEvent(this, 'close', this.#end ?? lostEnd) as SocketCloseEvent
    this.#end = undefined
    if (isFailure) this.#count(previous)
    const fail = (): void => {
      this.#isCancelled = false
      if (mustFail) this.#fail(failureOf(cause))
    }
    const finish = (): void => {
      this.#hasFailed = false
      this.dispatchEvent(closed)
    }
    const events = [fail, finish]
    if (isCancelled) {
      this.#isCancelled = !this.#hasFailed
      // As the standard has it: later, and promises settle between the two.
      for (const dispatch of events) this.#ports.clock.setTimer(dispatch, 0)
    } else if (state.name === 'waiting' && !this.#goesOn(closed)) {
      this.#withheld = events
      this.#connection.dispatch({ type: 'stop', cause, graceful: false })
    } else for (const dispatch of events) dispatch()
  }

  /** Dispatches the `error` event, of which each attempt or connection has one at most. */
  #fail(fault: Fault): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.dispatchEvent(createEvent(this, 'error', fault))
  }

  #count(state: State): void {
    this.#retryCount = this.#isStable(state) ? 1 : state.tally.attempts
  }

  #goesOn(closed: SocketCloseEvent): boolean {
    const { maxRetries, shouldReconnectOnClose } = this.#options
    return maxRetries > 0 && this.#ask(() => shouldReconnectOnClose?.(closed)) !== false
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
