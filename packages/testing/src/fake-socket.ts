import { utf8Length } from '@holdfast/protocol'

/** A message on its way: text, or bytes. */
export type SocketData = string | Uint8Array<ArrayBuffer>

/** Who is at the other end of a {@link FakeSocket}: a test, or a simulated network. */
export interface SocketPeer {
  /** The socket has sent a message. */
  sent?(data: SocketData, bytes: number): void
  /** How many bytes of what was sent are not on their way. Without it, all until {@link FakeSocket.flushed} says so. */
  backlog?(): number
  /** The socket wants to close, and waits for {@link FakeSocket.ended}: for ever, if it does not come. */
  closing?(code: number | undefined, reason: string): void
  /** The socket was given up, without a closing handshake: closed before it was open, or terminated. */
  abandoned?(): void
}

const connecting = 0
const open = 1
const closing = 2
const closed = 3

/**
 * A `WebSocket` whose other end is in your hands. It keeps to the WHATWG standard in its states, in what it refuses, and
 * in what it ignores, and to browsers in where they go further: a closing handshake that is not answered hangs, and
 * `bufferedAmount` goes on growing after the end. The tests compare it with Chromium, Firefox and WebKitGTK. Two things
 * are as in the first two: WebKit adds the heads of frames to `bufferedAmount` after the end, and WebKitGTK takes codes
 * from 1012 to 1014 for a breach of the protocol, and reports 1006.
 *
 * The methods from {@link FakeSocket.opened} on are those of the other end. Events reach the `on…` properties.
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
  /** Everything that was sent while the socket was open, as it was sent. Kept unless a peer takes it. */
  readonly sent: SocketData[] = []
  /** What the other end does about it. */
  peer: SocketPeer | undefined
  readyState: number = connecting
  protocol = ''
  binaryType = 'blob'
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null

  /** What waits to be taken, and what was sent too late, which nobody ever takes. */
  private waitingBytes = 0
  private lateBytes = 0

  /** @throws {DOMException} `SyntaxError` for a URL or for subprotocols that no socket takes */
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
   * Sends text or bytes. Does nothing but count them once the socket is closing or closed.
   *
   * @throws {DOMException} `InvalidStateError` before it is open
   * @throws {TypeError} for a `Blob`, which real sockets take: a fake one could not read it in time
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

  /** In bytes of payload. After the end it no longer shrinks, and goes on growing by what is sent. */
  get bufferedAmount(): number {
    return this.lateBytes + this.backlog()
  }

  /** @throws {DOMException} `InvalidAccessError` for a code, `SyntaxError` for a reason that pages cannot close with */
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

  /** A message has come in. As the standard demands, a socket that is closing drops it. */
  received(data: SocketData): void {
    if (this.readyState === open) this.bring(data)
  }

  /** The network has taken so many bytes of what was sent: all, if it is not said. */
  flushed(bytes: number = this.waitingBytes): void {
    if (this.readyState !== closed) this.waitingBytes -= Math.min(bytes, this.waitingBytes)
  }

  /** The connection has ended: with the code of a close, or without one, which browsers call 1006. */
  ended(code = 1006, reason = ''): void {
    this.finish(code, reason, code === 1006)
  }

  /**
   * The other end has dropped the connection without a close, which is an end and no failure of an open connection: the
   * code is 1006, and no error is told.
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

  /** Browsers say nothing of what went wrong, so that pages cannot look into networks. */
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
 * A socket as those of the package `ws`, and other than those of browsers: it can be dropped without a handshake, brings
 * what arrives while it is closing, may close with more codes, throws other errors, and tells only of a failed dial by an
 * error event.
 */
export class DroppableSocket extends FakeSocket {
  protected hasOpened = false
  /** Whether it was dropped by this end. */
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

  /** Drops the connection without a handshake. Its close event follows when the other end says {@link ended}. */
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
    // Only a dial that fails is an error, and it is told before the socket has closed.
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

/** The socket of a server, as the package `ws` makes it for a connection that was accepted: it begins open. */
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

/** Bytes are taken as they are now, because who sent them may use them again; text gets rid of lone surrogates. */
function onTheWire(data: string | ArrayBuffer | ArrayBufferView): SocketData {
  if (typeof data === 'string') return utf8Length(data) < 0 ? wellFormed(data) : data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  throw new TypeError('a fake socket sends text and bytes')
}

/** What an encoder of UTF-8 makes of it, which not every platform has: lone surrogates become U+FFFD. */
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
