import { utf8Length } from '@holdfast/protocol'

/** A message in transit: text, or bytes. */
export type SocketData = string | Uint8Array<ArrayBuffer>

/** The other end of a {@link FakeSocket}: a test, or a simulated network. */
export interface SocketPeer {
  /** The socket has sent a message. */
  sent?(data: SocketData, bytes: number): void
  /**
   * Returns how many of the sent bytes are not in transit yet. Without it, all until {@link FakeSocket.flushed} is
   * called.
   */
  backlog?(): number
  /** The socket starts to close, and waits for {@link FakeSocket.ended}, without a limit. */
  closing?(code: number | undefined, reason: string): void
  /** The socket was abandoned without a closing handshake: closed before it was open, or terminated. */
  abandoned?(): void
}

const connecting = 0
const open = 1
const closing = 2
const closed = 3

/**
 * A `WebSocket` whose other end is your test.
 *
 * It follows the WHATWG standard in its states, in what it rejects, and in what it ignores, and follows browsers
 * where they go further: an unanswered closing handshake hangs, and `bufferedAmount` keeps growing after the end. The
 * tests compare it with Chromium, Firefox and WebKitGTK. It differs from WebKit in two ways: WebKit adds frame
 * headers to `bufferedAmount` after the end, and WebKitGTK treats codes from 1012 to 1014 as a protocol violation,
 * and reports 1006.
 *
 * The methods from {@link FakeSocket.opened} on are those of the other end. Events are fired through the `on…`
 * properties.
 *
 * @example
 * const socket = new FakeSocket('wss://example.com/ws')
 * const client = createClient({ url: socket.url, WebSocket: function () { return socket } as never })
 * void client.connect()
 * await settleMicrotasks()
 * socket.opened()
 * socket.received('{"type":"chat","message":"hi"}')
 * @see WHATWG WebSockets, section 3.1
 */
export class FakeSocket {
  readonly url: string
  readonly protocols: readonly string[]
  /** Everything that was sent while the socket was open, unchanged. Kept unless a peer takes it. */
  readonly sent: SocketData[] = []
  /** The reactions of the other end. */
  peer: SocketPeer | undefined
  readyState: number = connecting
  protocol = ''
  binaryType = 'blob'
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null

  /** The bytes that wait to be taken, and those that were sent too late, which are never taken. */
  private waitingBytes = 0
  private lateBytes = 0

  /** @throws {DOMException} `SyntaxError` for an invalid URL or invalid subprotocols */
  constructor(url: string | URL, protocols: string | readonly string[] = [], peer?: SocketPeer) {
    this.url = parseUrl(url)
    this.protocols = typeof protocols === 'string' ? [protocols] : [...protocols]
    if (new Set(this.protocols).size < this.protocols.length)
      throw syntaxError('a subprotocol stands there twice')
    const wrong = this.protocols.find((name) => !token.test(name))
    if (wrong !== undefined) throw syntaxError(`not the name of a subprotocol: '${wrong}'`)
    this.peer = peer
  }

  /**
   * Sends text or bytes. Only counts them once the socket is closing or closed.
   *
   * @throws {DOMException} `InvalidStateError` before the socket is open
   * @throws {TypeError} for a `Blob`, which real sockets accept: a fake one could not read it in time
   */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState === connecting) throw this.tooEarly()
    const kept = onTheWire(data)
    const bytes = typeof kept === 'string' ? utf8Length(kept) : kept.byteLength
    if (this.readyState !== open) {
      this.lateBytes += bytes
      return
    }
    this.waitingBytes += bytes
    if (this.peer?.sent) this.peer.sent(kept, bytes)
    else this.sent.push(kept)
  }

  /** In bytes of payload. After the end it no longer shrinks, and grows with further sends. */
  get bufferedAmount(): number {
    return this.lateBytes + this.backlog()
  }

  /**
   * @throws {DOMException} `InvalidAccessError` for a code, `SyntaxError` for a reason, with which pages cannot close
   */
  close(code?: number, reason = ''): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999))
      throw new DOMException(`the code ${code} is not for applications`, 'InvalidAccessError')
    if (utf8Length(wellFormed(reason)) > 123) throw syntaxError('a reason has 123 bytes at most')
    this.startClosing(code, reason)
  }

  /** The server accepts the handshake. */
  opened(protocol = ''): void {
    if (this.readyState !== connecting) return
    this.readyState = open
    this.protocol = protocol
    this.emit(this.onopen, { type: 'open' })
  }

  /** A message has arrived. A closing socket drops it, as the standard requires. */
  received(data: SocketData): void {
    if (this.readyState === open) this.bring(data)
  }

  /** The network has taken that many of the sent bytes, by default all. */
  flushed(bytes: number = this.waitingBytes): void {
    if (this.readyState !== closed) this.waitingBytes -= Math.min(bytes, this.waitingBytes)
  }

  /** The connection has ended, with the code of a close, or without one, which browsers report as 1006. */
  ended(code = 1006, reason = ''): void {
    this.finish(code, reason, code === 1006)
  }

  /**
   * The other end has dropped an open connection without a close, which is an end and not a failure: the code is
   * 1006, and there is no error event.
   */
  dropped(): void {
    if (this.readyState === connecting) this.ended()
    else this.finish(1006, '', false)
  }

  private finish(code: number, reason: string, hasFailed: boolean): void {
    if (this.readyState === closed) return
    this.waitingBytes = this.backlog()
    this.readyState = closed
    if (hasFailed) this.failed()
    this.emit(this.onclose, { type: 'close', code, reason, wasClean: code !== 1006 })
  }

  protected startClosing(code: number | undefined, reason: string): void {
    const was = this.readyState
    if (was >= closing) return
    this.readyState = closing
    if (was === connecting) this.peer?.abandoned?.()
    else this.peer?.closing?.(code, reason)
  }

  protected tooEarly(): Error {
    return new DOMException('still connecting', 'InvalidStateError')
  }

  /** Browsers report no details of a failure, so that pages cannot probe networks. */
  protected failed(): void {
    this.emit(this.onerror, { type: 'error' })
  }

  protected bring(data: SocketData): void {
    this.emit(this.onmessage, { type: 'message', data: this.asEventData(data) })
  }

  private backlog(): number {
    return (this.readyState === closed ? undefined : this.peer?.backlog?.()) ?? this.waitingBytes
  }

  private asEventData(data: SocketData): unknown {
    if (typeof data === 'string') return data
    return this.binaryType === 'blob' ? new Blob([data]) : data.slice().buffer
  }

  protected emit(listener: ((event: never) => void) | null, event: object): void {
    listener?.call(this, event as never)
  }
}

/**
 * A socket like those of the package `ws`.
 *
 * Unlike those of browsers, it can be dropped without a handshake, delivers messages that arrive while it is closing,
 * may close with more codes, throws other errors, and fires an error event only for a failed dial.
 */
export class DroppableSocket extends FakeSocket {
  protected hasOpened = false
  /** Whether this end dropped the connection. */
  private isDropped = false

  /**
   * @throws {TypeError} for a code that no close frame may carry
   * @throws {RangeError} for a reason over 123 bytes
   */
  override close(code?: number, reason = ''): void {
    if (code !== undefined && !isSendable(code)) throw new TypeError(`no close frame carries ${code}`)
    if (utf8Length(wellFormed(reason)) > 123) throw new RangeError('a reason has 123 bytes at most')
    this.startClosing(code, reason)
  }

  /** Drops the connection without a handshake. Its close event follows when the other end calls {@link ended}. */
  terminate(): void {
    if (this.readyState === closed) return
    this.readyState = closing
    this.isDropped = true
    this.peer?.abandoned?.()
  }

  override received(data: SocketData): void {
    if (this.readyState === open || (this.readyState === closing && !this.isDropped)) this.bring(data)
  }

  override opened(protocol?: string): void {
    this.hasOpened = true
    super.opened(protocol)
  }

  override ended(code = 1006, reason = ''): void {
    // Only a failed dial is an error, and its event comes before the socket has closed.
    if (code === 1006 && !this.hasOpened && this.readyState !== closed) {
      this.readyState = closing
      super.failed()
    }
    super.ended(code, reason)
  }

  protected override failed(): void {}

  protected override tooEarly(): Error {
    return new Error('still connecting')
  }
}

/** The socket of a server, as the package `ws` creates it for an accepted connection: it starts open. */
export class FakeServerSocket extends DroppableSocket {
  override readyState: number = open
  protected override hasOpened = true
}

/** @see RFC 7230, section 3.2.6 */
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

/** @see RFC 6455, section 7.4 */
function isSendable(code: number): boolean {
  return (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) || (code >= 3000 && code <= 4999)
}

/** Copies bytes, because the sender may reuse them; replaces lone surrogates in text. */
function onTheWire(data: string | ArrayBuffer | ArrayBufferView): SocketData {
  if (typeof data === 'string') return utf8Length(data) < 0 ? wellFormed(data) : data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  throw new TypeError('a fake socket sends text and bytes')
}

/** Does what an encoder of UTF-8 does, which not every platform has: lone surrogates become U+FFFD. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

function parseUrl(text: string | URL): string {
  let url
  try {
    url = new URL(text)
  } catch {
    throw syntaxError(`no URL: ${String(text)}`)
  }
  url.protocol = url.protocol.replace(/^http/, 'ws')
  if (!/^wss?:$/.test(url.protocol)) throw syntaxError(`not for sockets: ${url.protocol}`)
  if (url.href.includes('#')) throw syntaxError('the URL of a socket has no fragment')
  return url.href
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, 'SyntaxError')
}
