import { fates, noCursor } from './state.ts'
import type { Client, Frame, Sender, Session, Socket, State } from './state.ts'
import type { Breach, World } from './world.ts'

export function violate(state: State, what: string): void {
  state.violation ??= what
}

export function settle(state: State, id: number, fate: number): void {
  if (id === 0) return
  if (state.fate[id] !== fates.open) violate(state, `TWICE: ${id} is settled again`)
  state.fate[id] = fate
  const times = state.handled[id]!
  if (fate === fates.delivered && times !== 1)
    violate(state, `LIE: ${id} is delivered and was handled ${times} times`)
  if (fate === fates.undelivered && times !== 0) violate(state, `LIE: ${id} is undelivered and was handled`)
}

export function handle(state: State, id: number): void {
  if (id === 0) return
  state.handled[id]!++
  if (state.handled[id]! > 1) violate(state, `DUPLICATE: ${id} is handled again`)
  if (state.fate[id] === fates.undelivered) violate(state, `LIE: ${id} is handled after it was undelivered`)
}

/** Writes to a socket what will be read from it, unless it is cut first. */
export function put(socket: Socket | undefined, way: 'c2s' | 's2c', frame: Frame): void {
  if (!socket?.isUp || (way === 's2c' && socket.isLeft)) return
  const line = socket[way]
  // Acks are cumulative: the last one stands for those before it.
  if (frame.t === 'a' && line.at(-1)?.t === 'a') line.pop()
  line.push(frame)
}

export function replay({ asks }: World, out: Sender, ack: number, write: (frame: Frame) => void): void {
  for (const [index, id] of out.sent.entries()) write({ t: 'm', seq: out.acked + index + 1, ack, id })
  if (asks && out.sent.length > 0) write({ t: 'p', ack })
}

/** Answers a ping at once, and owes an ack for what is not delivered yet. */
export function answer(
  breach: Breach | undefined,
  end: Client | Session,
  write: (frame: Frame) => void,
): void {
  const ack = breach === 'pong-on-arrival' ? end.rx + end.inbox.length : end.rx
  write({ t: 'q', ack: breach === 'pong-without-ack' ? 0 : ack })
  end.isAsked = end.inbox.length > 0 && breach !== 'forget-the-question'
}

/** Acknowledges what was delivered, if it is time to. */
export function acknowledgeHanded(
  { asks, lateAcks }: World,
  end: Client | Session,
  write: (frame: Frame) => void,
): void {
  if (lateAcks) {
    end.isAsked = true
    return
  }
  if (asks && !(end.isAsked && end.inbox.length === 0)) return
  end.isAsked = false
  write({ t: 'a', ack: end.rx })
}

export function acknowledge(state: State, out: Sender, ack: number): void {
  if (ack > out.acked + out.sent.length) return violate(state, 'VIOLATION: an ack of the future')
  while (out.acked < ack) {
    out.acked++
    settle(state, out.sent.shift()!, fates.delivered)
  }
}

/** Writes what waits and has room. */
export function writeQueue(
  { window, asks }: World,
  breach: Breach | undefined,
  out: Sender,
  ack: number,
  write: (frame: Frame) => void,
): void {
  const most = breach === 'no-window' ? Infinity : window
  const canWrite = out.queue.length > 0 && out.sent.length < most
  for (let id = out.queue[0]; id !== undefined && out.sent.length < most; id = out.queue[0]) {
    out.queue.shift()
    out.sent.push(id)
    write({ t: 'm', seq: out.acked + out.sent.length, ack, id })
  }
  if (asks && canWrite) write({ t: 'p', ack })
}

/** Settles by a final cursor, and gives back what is certainly undelivered. */
export function endSender(state: State, out: Sender, cursor: number, breach: Breach | undefined): number[] {
  if (cursor !== noCursor) acknowledge(state, out, Math.min(cursor, out.acked + out.sent.length))
  const rest = out.sent.filter((id) => id !== 0)
  out.sent = []
  out.acked = 0
  if (cursor !== noCursor) return rest
  const fate = breach === 'guess-undelivered' ? fates.undelivered : fates.unknown
  for (const id of rest) settle(state, id, fate)
  return []
}
