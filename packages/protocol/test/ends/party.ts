import {
  bodyBytes,
  createAnswers,
  createOutbox,
  createRequests,
  createSession,
  defaultDecodeLimits,
  encodeBody,
  Line,
} from '../../src/index.ts'
import type {
  Answerer,
  Body,
  Clock,
  Control,
  Delivery,
  Frame,
  IsControl,
  Meta,
  Outcome,
  Outgoing,
  SendOptions,
  Sent,
  Session,
  Window,
} from '../../src/index.ts'
import type { Socket } from './network.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export const encodeText = (text: string): Uint8Array => encoder.encode(text)
export const decodeUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

/** What the application of one end does. */
export interface App {
  onEvent?(name: string, data: unknown, party: Party): void
  onRaw?(data: unknown): void
  answer?: Answerer
  /** Hears of every outcome. */
  settled?(name: string | undefined, outcome: Outcome): void
}

export interface PartyOptions {
  readonly clock: Clock
  readonly app: App
  readonly window: Window
  readonly isControl: IsControl
  /** Which controls it gets once the session is live. */
  control(control: Control): void
  violated(code: number, why: string): void
  progressed?(): void
}

/** The application's side of one end: what it sends and is handed, over one session after another. */
export interface Party {
  readonly session: Session<Body>
  readonly line: Line | undefined
  /** Nothing new is written any more. */
  isDraining: boolean
  /** Whether all that is out is acknowledged and answered. */
  readonly isDone: boolean
  readonly queued: number
  send(name: string, data: unknown, how?: SendOptions): Delivery
  sendRaw(data: string | Uint8Array<ArrayBuffer>): Delivery
  request(name: string, input: unknown, timeout?: number): Promise<unknown>
  /** Goes on with the session over a socket: replays, then writes what waits. */
  open(socket: Socket, peer: { window: Window; maxPayload: number }, isUnpacked?: boolean): void
  close(): void
  /** Begins another session, with messages that a former one has given back. */
  begin(carried: readonly Outgoing<Body>[]): void
  /** Ends the session, and gives back what is certainly undelivered and belongs to no session. */
  end(finalCursor: number | undefined): Outgoing<Body>[]
  discard(reason: 'session-lost' | 'closed'): void
  /** No timer is left. */
  dispose(): void
}

export function createParty(options: PartyOptions): Party {
  const { clock, app } = options
  let session = createSession<Body>()
  let line: Line | undefined
  let isDraining = false
  let maxPayload = Infinity
  /** Answers and the like, which are of no use in another session. */
  let owed: Body[] = []

  const outbox = createOutbox<Body>(
    {},
    () => maxPayload,
    {
      batchBytes: 16_384,
      bufferedAmount: () => line?.bufferedAmount() ?? 0,
      isWritable: (bytes) => !isDraining && (line?.isWritable(bytes) ?? false),
      write: (message) => line!.write(message),
      flushed: () => line?.flushed!(),
      ask: () => line?.ask(),
    },
    clock,
    (name, outcome) => app.settled?.(name, outcome),
  )

  const post = (body: Body): void => {
    owed.push(body)
    payOwed()
  }

  const payOwed = (): void => {
    let body = owed[0]
    for (; body !== undefined && line?.isWritable(bodyBytes(body)); body = owed[0]) {
      owed.shift()
      line.write({ body, bytes: bodyBytes(body), volatile: false, own: true, settle() {} })
    }
    line?.flushed!()
  }

  const requests = createRequests(clock, (id) => post(encodeBody(null, null, { off: id })))
  const answers = createAnswers({
    find: () => app.answer,
    reply: (data, meta) => post(encodeBody(null, data, meta)),
    newAbort: () => new AbortController(),
    report() {},
  })

  const push = (body: Body, name: string | undefined, how: SendOptions = {}): Sent =>
    outbox.push(body, bodyBytes(body), name, how)

  const deliver = (name: string | null | undefined, data: unknown, meta: Meta | undefined): void => {
    if (typeof name === 'string') {
      if (meta?.id === undefined) app.onEvent?.(name, data, party)
      else answers.request(meta.id, name, data)
    } else if (meta?.re !== undefined) {
      if (meta.error === undefined) requests.answer(meta.re, data)
      else requests.refuse(meta.re, meta.message ?? '', { reason: meta.error, data })
    } else if (meta?.off !== undefined) answers.off(meta.off)
    else if (meta?.raw) app.onRaw?.(data)
  }

  const party: Party = {
    get session() {
      return session
    },
    get line() {
      return line
    },
    get isDraining() {
      return isDraining
    },
    set isDraining(value) {
      isDraining = value
    },
    get isDone() {
      return (
        session.unacknowledged === 0 && requests.unanswered === 0 && answers.size === 0 && owed.length === 0
      )
    },
    get queued() {
      return outbox.size
    },
    send: (name, data, how) => push(encodeBody(name, data), name, how),
    sendRaw: (data) => push(encodeBody(null, data, { raw: true }), undefined),
    request: (name, input, timeout = 600_000) =>
      requests.open((id) => push(encodeBody(name, input, { id }), name), { timeout }),

    open(socket, peer, unpacked = false) {
      session.window = peer.window
      maxPayload = peer.maxPayload - 64
      line = new Line({
        session,
        clock,
        limits: defaultDecodeLimits,
        window: options.window,
        sliceLength: 12,
        unpacked,
        maxPayload: peer.maxPayload,
        isControl: options.isControl,
        send: (payload) => socket.send(payload),
        isOpen: () => socket.isOpen,
        bufferedAmount: () => 0,
        encodeText,
        decodeUtf8,
        deliver([, , name, data, meta]: Frame) {
          try {
            deliver(name, meta?.absent ? undefined : data, meta)
          } catch {
            // What a handler throws is the application's affair.
          }
        },
        control: options.control,
        answered() {},
        progressed() {
          payOwed()
          outbox.flush()
          options.progressed?.()
        },
        violated: options.violated,
      })
      line.resume()
      payOwed()
      outbox.flush()
    },
    close() {
      line?.close()
      line = undefined
    },
    begin(carried) {
      session = createSession<Body>()
      for (const message of carried) session.number(message)
    },
    end(finalCursor) {
      const rest = session.end(finalCursor, { status: 'unknown', reason: 'session-lost' })
      for (const message of rest)
        if (message.own) message.settle({ status: 'undelivered', reason: 'session-lost' })
      owed = []
      requests.lost()
      answers.lost()
      return rest.filter(({ own }) => !own)
    },
    discard: (reason) => outbox.discard(reason),
    dispose() {
      party.close()
      outbox.refuse('disposed')
      requests.dispose()
      answers.lost()
    },
  }
  return party
}
