import type { Payload } from '@holdfast/protocol'
import type { Deadlines } from './deadlines.ts'
import type { Policy } from './options.ts'
import type { RequestLike, SocketLike } from './ports.ts'

/** One socket, whoever it belongs to at the moment: the greeting, a session, or nobody any more. */
export interface Connection extends ConnectionOwner {
  readonly request: RequestLike
  /** What it counts as in the limits per address. */
  readonly address: string
  readonly isOpen: boolean
  readonly bufferedAmount: number
  /** For how many intervals of pings nothing has come. */
  silence: number
  /** False when the socket did not take it, which is its end. */
  send(payload: Payload): boolean
  /** Counts a message of the client that came in a pack with others. */
  charge(): void
  /** Closes the socket. Its owner is not told, and gets nothing any more. */
  close(code: number, reason?: string): void
  /** Drops a socket that is dead or too slow, and tells its owner. */
  cut(reason: string): void
}

/** Who owns a connection puts its functions in here. */
export interface ConnectionOwner {
  receive: (payload: Payload) => void
  /** The client has ended the connection with that code, or it broke: 1006. */
  ended: (code: number, reason: string) => void
  /** The client went over a limit; the connection is to be closed with this. */
  exceeded: (code: number, reason: string) => void
}

export interface ConnectionHost {
  readonly policy: Policy
  /** Connections that were closed, and whose client has not answered that yet. */
  readonly closing: Deadlines<SocketLike>
  /** The socket is gone. */
  gone(connection: Connection): void
}

const open = 1
/** When to dial again, for the reason of a close with 4429. */
export const rateHint = '{"after":[30000,60000]}'
/** The same for 1013. */
export const crowdHint = '{"after":[10000,30000]}'

const ignore = (): void => {}

export function createConnection(
  socket: SocketLike,
  request: RequestLike,
  address: string,
  { policy, closing, gone }: ConnectionHost,
): Connection {
  const { limits, ports } = policy
  const { maxFrameBytes, messageRate, messageBurst } = limits
  // What is sent is bounded by windows, but for controls and replays.
  const maxSocketBytes = 2 * limits.maxBufferedBytes
  let isOpen = true
  let isFaulty = false
  let tokens = messageBurst
  let filledAt = ports.clock.now()
  /** The message that came in was counted; the first of its frames is not counted again. */
  let isCounted = false

  const take = (): void => {
    if (--tokens >= 0) return
    // The clock is asked only when the bucket seems to be empty.
    const now = ports.clock.now()
    tokens = Math.min(messageBurst, tokens + ((now - filledAt) * messageRate) / 1_000)
    filledAt = now
    if (tokens < 0) connection.exceeded(4429, rateHint)
  }

  const disown = (): void => {
    isOpen = false
    connection.receive = ignore
    connection.exceeded = ignore
  }

  const end = (code: number, reason: string): void => {
    if (!isOpen) return
    disown()
    connection.ended(code, reason)
  }

  const connection: Connection = {
    request,
    address,
    silence: 0,
    receive: ignore,
    ended: ignore,
    exceeded: ignore,
    get isOpen() {
      return isOpen && socket.readyState === open
    },
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send(payload) {
      if (!isOpen) return false
      try {
        socket.send(payload)
      } catch {
        connection.cut('the socket refused a message')
        return false
      }
      if (socket.bufferedAmount > maxSocketBytes) connection.cut('too slow')
      return isOpen
    },
    charge() {
      if (isCounted) isCounted = false
      else take()
    },
    close(code, reason = '') {
      if (!isOpen) return
      disown()
      closing.add(socket)
      try {
        socket.close(code, reason)
      } catch {
        socket.terminate?.()
      }
    },
    cut(reason) {
      if (!isOpen) return
      closing.add(socket)
      if (socket.terminate) socket.terminate()
      else socket.close()
      end(1006, reason)
    },
  }

  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }: { readonly data: unknown }): void => {
    if (!isOpen) return
    const payload = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)
    connection.silence = 0
    // Sockets of `ws` see to that themselves, and exactly.
    if (payload.length > maxFrameBytes) return connection.exceeded(1009, '')
    isCounted = true
    take()
    connection.receive(payload)
  }
  socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }): void => {
    socket.onmessage = null
    closing.delete(socket)
    end(isFaulty ? 1006 : code, reason)
    gone(connection)
  }
  // A close follows, whose code then is not the client's.
  socket.onerror = () => void (isFaulty = true)
  return connection
}
