import type { Clock, Payload } from '../../src/index.ts'

/** One end of a simulated WebSocket connection. */
export interface Socket {
  readonly isOpen: boolean
  onMessage: (payload: Payload) => void
  /** The other end closed, or the connection is known to be lost. Not called for one's own `close`. */
  onClose: (code: number, reason: string) => void
  /** False when it is closed. */
  send(payload: Payload): boolean
  close(code: number, reason?: string): void
}

export type Way = 'c2s' | 's2c'

/** When an end hears of a cut, in milliseconds; never, if the connection only falls silent. */
export interface Cut {
  readonly client?: number
  readonly server?: number
}

/** What is to go wrong with one connection. */
export interface Fate {
  /** How long messages take each way, in milliseconds. */
  readonly c2s?: number
  readonly s2c?: number
  /** Cut when so many messages of a way have arrived: the next one does not. */
  readonly cutAfter?: { readonly way: Way; readonly messages: number; readonly cut: Cut }
  /** A message that the server does not take: it closes with 1009. */
  readonly refuses?: (payload: Payload) => boolean
  /** Lose one message, after so many of a way have arrived, and nothing else: no connection does that. */
  readonly lose?: { readonly way: Way; readonly messages: number }
}

/** A connection of the network, as seen from above. */
export interface Connection {
  readonly client: Socket
  readonly server: Socket
  /** How many messages have arrived. */
  readonly arrived: Readonly<Record<Way, number>>
  /** Loses what is under way, and all that follows. */
  cut(cut: Cut): void
}

/** A reliable connection in order, until it is cut. */
export function connect(clock: Clock, { c2s = 5, s2c = 5, cutAfter, lose, refuses }: Fate = {}): Connection {
  const delays = { c2s, s2c }
  const arrived = { c2s: 0, s2c: 0 }
  let isCut = false

  const createEnd = (way: Way): Socket & { isOpen: boolean } => {
    const end = {
      isOpen: true,
      onMessage: (_payload: Payload): void => {},
      onClose: (_code: number, _reason: string): void => {},
      send(payload: Payload): boolean {
        if (!end.isOpen) return false
        later(way, () => {
          if (cutAfter?.way === way && arrived[way] >= cutAfter.messages) return connection.cut(cutAfter.cut)
          const isLost = lose?.way === way && arrived[way] === lose.messages
          arrived[way]++
          if (isLost) return
          if (way === 'c2s' && refuses?.(payload)) {
            server.close(1009)
            server.onClose(1009, '')
          } else ends[way].onMessage(payload)
        })
        return true
      },
      close(code: number, reason = ''): void {
        if (!end.isOpen) return
        end.isOpen = false
        later(way, () => hear(ends[way], code, reason))
      },
    }
    return end
  }

  const later = (way: Way, arrive: () => void): void => {
    clock.setTimer(() => {
      if (!isCut && ends[way].isOpen) arrive()
    }, delays[way])
  }

  const hear = (end: Socket & { isOpen: boolean }, code: number, reason: string): void => {
    if (!end.isOpen) return
    end.isOpen = false
    end.onClose(code, reason)
  }

  const client = createEnd('c2s')
  const server = createEnd('s2c')
  /** Who is at the end of each way. */
  const ends = { c2s: server, s2c: client }

  const connection: Connection = {
    client,
    server,
    arrived,
    cut(cut) {
      if (isCut) return
      isCut = true
      if (cut.client !== undefined) clock.setTimer(() => hear(client, 1006, ''), cut.client)
      if (cut.server !== undefined) clock.setTimer(() => hear(server, 1006, ''), cut.server)
    },
  }
  return connection
}
