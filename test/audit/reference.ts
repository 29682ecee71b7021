import type { HistoryEvent, Sent } from './history.ts'
import { clientEvents, peerEvents } from './tell.ts'
import type { Event } from './tell.ts'

/** A message of the reference. */
interface Message {
  readonly id: number
  readonly kind: Sent['kind']
  readonly sent: Event
}

/** One direction: messages to be written, written, delivered without an ack, and acknowledged. */
interface Lane {
  queued: Message[]
  written: Message[]
  got: Message[]
  /** Requests that a handler has, and whose answer is not back. */
  asked: Message[]
}

/**
 * A history in which every promise is kept, of one client, its sessions and the lives of its server, by the decisions
 * that are given: a model of perfect delivery, with cuts, losses, crashes and ended sessions.
 */
export function referenceHistory(decisions: readonly number[]): HistoryEvent[] {
  const history: HistoryEvent[] = []
  const client = clientEvents('c0')
  const up: Lane = { queued: [], written: [], got: [], asked: [] }
  let down: Lane = { queued: [], written: [], got: [], asked: [] }
  let at = 0
  let ids = 0
  let lives = 0
  let peers = 0
  let users = 0
  let peer = peerEvents('s0', 'p0')
  let isConnected = false

  const note = (...events: readonly Event[]): void => {
    at++
    for (const event of events) history.push({ at, ...event })
  }

  const begin = (...before: readonly Event[]): void => {
    peer = peerEvents(`s${lives}`, `p${peers++}`)
    down = { queued: [], written: [], got: [], asked: [] }
    isConnected = true
    note(...before, client.open(`u${users}`))
    note(peer.joined('c0', `u${users}`))
  }

  const sendUp = (choice: number): void => {
    const id = ids++
    const kind = (['event', 'raw', 'binary', 'request'] as const)[choice % 4]!
    if (choice % 7 === 0) {
      const sent = client.sent(id, { volatile: true })
      if (!isConnected || up.queued.length > 0) return note(sent, client.undelivered(id, 'volatile'))
      note(sent, client.passed(id))
      // Written last, and lost with the connection: so it is delivered now, or never.
      if (up.written.length === 0 && choice % 2 === 0) note(peer.got(id, 'event', `u${users}`))
      return
    }
    const hasTtl = choice % 5 === 0 && kind !== 'request'
    const sent = client.sent(id, { kind, ...(hasTtl && { ttl: 1 }) })
    note(sent)
    if (hasTtl && !isConnected) note(client.undelivered(id, 'expired'))
    else up.queued.push({ id, kind, sent })
  }

  const sendDown = (choice: number): void => {
    const id = ids++
    const kind = (['event', 'raw', 'binary', 'request'] as const)[choice % 4]!
    const sent = peer.sent(id, { kind })
    note(sent)
    down.queued.push({ id, kind, sent })
  }

  const write = (lane: Lane): void => void lane.written.push(...lane.queued.splice(0, 3))

  const hand = (lane: Lane, got: (message: Message) => Event): void => {
    const message = lane.written.shift()
    if (!message) return
    note(got(message))
    if (message.kind === 'request') lane.asked.push(message)
    else lane.got.push(message)
  }
  const handUp = (): void => hand(up, ({ id, kind }) => peer.got(id, kind, `u${users}`))
  const handDown = (): void => hand(down, ({ id, kind }) => client.got(id, kind))

  const settle = (lane: Lane, by: Pick<typeof client, 'delivered'>): void =>
    note(...lane.got.splice(0).map(({ id }) => by.delivered(id)))
  const answer = (lane: Lane, by: Pick<typeof client, 'right'>): void =>
    note(...lane.asked.splice(0, 1).map(({ id }) => by.right(id)))

  const cut = (): void => {
    if (!isConnected) return
    isConnected = false
    note(client.down())
  }

  /** What a server says at the end of a session whose client does not say how far it got. */
  const leave = (): void => {
    const { queued, written, got, asked } = down
    const unknown = [...got, ...written]
    const requests = [...asked]
    note(
      peer.left('expired', queued.length, unknown.length),
      ...unknown.flatMap(({ id, kind }) => [
        peer.unknown(id),
        ...(kind === 'request' ? [peer.failed(id, 'unknown')] : []),
      ]),
      ...requests.flatMap(({ id }) => [peer.failed(id, 'unknown'), peer.delivered(id)]),
      ...queued.flatMap(({ id, kind }) => [
        peer.undelivered(id, 'session-lost'),
        ...(kind === 'request' ? [peer.failed(id, 'undelivered')] : []),
      ]),
    )
  }

  const failAsked = (status: 'delivered' | 'unknown'): Event[] =>
    up.asked.splice(0).flatMap(({ id }) => [client[status](id), client.failed(id, 'unknown')])

  /** The session expires, and its tombstone tells. */
  const lose = (): void => {
    if (isConnected) return
    const missed = down.queued.length + down.written.length
    leave()
    const delivered = up.got.splice(0)
    begin(
      client.lost(missed, up.written.length),
      ...delivered.map(({ id }) => client.delivered(id)),
      ...failAsked('delivered'),
    )
  }

  const crash = (): void => {
    note(peer.killed())
    cut()
    lives++
    const unknown = [...up.got.splice(0), ...up.written.splice(0)]
    const asked = up.asked.length
    begin(
      client.lost(null, 0, unknown.length + asked),
      ...unknown.flatMap(({ id, kind }) => [
        client.unknown(id),
        ...(kind === 'request' ? [client.failed(id, 'unknown')] : []),
      ]),
      ...failAsked('unknown'),
    )
  }

  /** The application ends the session, and begins another one, perhaps with another identity. */
  const part = (choice: number): void => {
    if (!isConnected || up.queued.length + up.written.length > 0) return
    note(client.did('disconnect'), client.down('disconnect'))
    isConnected = false
    const { queued, written, got, asked } = down
    note(
      peer.left('left', queued.length + written.length),
      ...got.map(({ id }) => peer.delivered(id)),
      ...asked.flatMap(({ id }) => [peer.delivered(id), peer.failed(id, 'unknown')]),
      ...[...written, ...queued].flatMap(({ id, kind }) => [
        peer.undelivered(id, 'session-lost'),
        ...(kind === 'request' ? [peer.failed(id, 'undelivered')] : []),
      ]),
    )
    note(
      ...up.got.splice(0).map(({ id }) => client.delivered(id)),
      client.closed(),
      ...failAsked('delivered'),
    )
    if (choice % 2 === 0) users++
    note(client.did('login'), client.did('connect'))
    begin()
  }

  const resume = (): void => {
    if (isConnected) return
    isConnected = true
    note(client.resumed(up.written.length, `u${users}`))
  }

  const decide = (decision: number): void => {
    const choice = Math.floor(decision / 16)
    switch (decision % 16) {
      case 0:
      case 1:
        return sendUp(choice)
      case 2:
      case 3:
        return sendDown(choice)
      case 4:
        if (isConnected) write(up)
        return
      case 5:
        if (isConnected) write(down)
        return
      case 6:
      case 7:
        if (isConnected) handUp()
        return
      case 8:
      case 9:
        if (isConnected) handDown()
        return
      case 10:
        if (isConnected) settle(up, client)
        if (isConnected) settle(down, peer)
        return
      case 11:
        if (isConnected) answer(up, client)
        if (isConnected) answer(down, peer)
        return
      case 12:
        return cut()
      case 13:
        return resume()
      case 14:
        return choice % 4 === 0 ? crash() : lose()
      case 15:
        return part(choice)
    }
  }

  note(client.did('connect'))
  begin()
  for (const decision of decisions) decide(decision)
  resume()
  while (up.queued.length + up.written.length + down.queued.length + down.written.length > 0) {
    write(up)
    write(down)
    handUp()
    handDown()
  }
  settle(up, client)
  settle(down, peer)
  while (up.asked.length + down.asked.length > 0) {
    answer(up, client)
    answer(down, peer)
  }
  note(client.did('dispose'), client.down('dispose'), client.closed('dispose'))
  note(peer.left('left'))
  return history
}
