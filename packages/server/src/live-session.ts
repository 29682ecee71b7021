import { createSession, restoreSession } from '@holdfast/protocol'
import type { Body, Bye, Endpoint, Hi, Line, Listener, Listeners } from '@holdfast/protocol'
import type { DelayRange, Lost, LostReason, Queued, SendOptions, Sent } from '@holdfast/protocol'
import type { Sized, Unsubscribe } from '@holdfast/protocol'
import type { Authentication } from './authenticate.ts'
import type { Connection } from './connection.ts'
import { Conversation } from './conversation.ts'
import { countOne } from './counters.ts'
import { createPeer } from './create-peer.ts'
import { Dials } from './dials.ts'
import type { Encoded } from './encoded.ts'
import { encodeOk } from './encode-ok.ts'
import type { HubParts } from './hub-parts.ts'
import type { LimitName } from './limits.ts'
import { createListeners } from './listeners.ts'
import { MessagesToClient } from './messages-to-client.ts'
import type { Departure } from './moves/departure.ts'
import { freezeMessages } from './moves/freeze.ts'
import { keyHash } from './moves/key-hash.ts'
import { currentFormat, encodeSnapshot } from './moves/snapshot.ts'
import type { SessionSnapshot } from './moves/snapshot.ts'
import { PastConnections } from './past-connections.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { EndDetails, RefusalDetails, SessionRecord } from './session-record.ts'
import { Teardown } from './teardown.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Tombstone } from './tombstones.ts'

/** The bytes that the numbers of a frame and the header of a binary frame may add. */
const frameOverhead = 64

/** The id, the key and the state of a session that another hub had. */
export interface SessionOrigin {
  readonly id: string
  readonly key: string
  readonly snapshot: SessionSnapshot
}

/** A session in the memory of this hub. Rarely needed members are created on demand. */
export class LiveSession implements SessionRecord {
  readonly id: string
  readonly key: string
  readonly identity: string | null
  readonly address: string
  readonly session: SessionRecord['session']
  readonly dials: Dials
  readonly peer: Peer
  readonly messages: MessagesToClient
  readonly #parts: HubParts
  #stage: SessionRecord['stage'] = 'provisional'
  #conversation: Conversation | undefined
  #maxPayload: number
  #messageTokens: TokenBucket | undefined
  #past: PastConnections | undefined
  #endpoint: Endpoint | undefined
  #endListeners: Listeners | undefined
  #teardown: Teardown | undefined
  #departure: Departure | undefined
  #canPark = false
  /** The id of the last request of another hub that had the session. */
  readonly #lastRequest: number

  /** `origin` is that of a session of another hub; otherwise it is new. */
  constructor(
    parts: HubParts,
    address: string,
    hi: Hi,
    { identity, data }: Authentication,
    origin?: SessionOrigin,
  ) {
    const { moves, registry } = parts
    const { id = moves?.newId() ?? registry.newSecret(), key = registry.newSecret(), snapshot } = origin ?? {}
    this.#parts = parts
    this.id = id
    this.key = key
    this.identity = identity
    this.address = address
    this.session = snapshot ? restoreSession(snapshot) : createSession()
    this.dials = snapshot ? new Dials(snapshot.dials, snapshot.dials.others) : new Dials(hi)
    this.#lastRequest = snapshot?.lastRequest ?? 0
    this.#maxPayload = hi.maxPayload
    this.messages = new MessagesToClient(parts, this)
    this.peer = createPeer(this, parts, data)
  }

  get stage(): SessionRecord['stage'] {
    return this.#stage
  }

  get connection(): Connection | undefined {
    return this.#conversation?.connection
  }

  get line(): Line | undefined {
    return this.#conversation?.line
  }

  get endpoint(): Endpoint {
    return (this.#endpoint ??= this.#parts.endpoints.create(this, this.#lastRequest))
  }

  get maxPayload(): number {
    return this.#maxPayload
  }

  get messageTokens(): TokenBucket {
    const { limits, ports } = this.#parts.policy
    return (this.#messageTokens ??= new TokenBucket(ports.clock, limits.messageRate, limits.messageBurst))
  }

  // Connections

  begin(connection: Connection, hi: Hi, authentication: Authentication, lost: Lost | undefined): void {
    this.#parts.registry.add(this)
    this.#parts.moves?.begun(this)
    this.#parts.sharedBroadcasts?.open()
    this.#converse(connection, hi, lost)
    this.#parts.renewals.watch(this, authentication)
  }

  resume(connection: Connection, hi: Hi, authentication: Authentication): void {
    const { refusals, renewals } = this.#parts
    const wait = this.#past?.wait ?? 0
    if (wait > 0) {
      const reason = JSON.stringify({ after: [wait, 2 * wait] })
      return refusals.refuse(connection, 1013, 'resumed too often', { reason })
    }
    if (authentication.data !== undefined) this.peer.data = authentication.data
    this.#fence(hi)
    if (!this.session.acknowledge(hi.rx!)) {
      this.end('protocol', 4400)
      return refusals.refuse(connection, 4400, 'an ack of the future')
    }
    this.#converse(connection, hi)
    this.#replay()
    renewals.watch(this, authentication)
  }

  confirm(): void {
    const { lifecycle, registry } = this.#parts
    this.#stage = 'confirmed'
    registry.confirm(this)
    this.#parts.channels.confirmed(this)
    lifecycle.counters.opened++
    lifecycle.announcePeer(this.peer, 'new')
    lifecycle.announce('open', { peer: this.peer, resumed: false, replayed: 0 })
  }

  disconnected(code: number, reason: string): void {
    this.#connections().ended(code)
    this.#miss(code, reason)
  }

  refuse(code: number, why: string, details: RefusalDetails = {}): void {
    const { connection } = this
    if (!connection) return
    const { reason = why } = details
    connection.close(code, reason)
    this.#miss(code, reason)
    this.#parts.refusals.refuse(connection, code, why, { ...details, peer: this.peer })
  }

  violated(code: number, why: string): void {
    if (code !== 4400) return this.refuse(code, why)
    const { connection } = this
    this.end('protocol', code, { reason: why })
    if (connection) this.#parts.refusals.refuse(connection, code, why, { peer: this.peer })
  }

  get silences(): number {
    return this.#past?.silences ?? 0
  }

  fellSilent(): void {
    this.#connections().silences++
  }

  showedLife(): void {
    if (this.#past) this.#past.silences = 0
  }

  renew(): void {
    this.#parts.renewals.ask(this)
  }

  #converse(connection: Connection, hi: Hi, lost?: Lost): void {
    this.#maxPayload = hi.maxPayload
    this.#canPark = hi.park ?? false
    this.session.window = hi.window
    const isSuspect = this.#past?.quarantineOldest(this.session) ?? false
    this.#conversation = new Conversation(this.#parts, this, connection, isSuspect)
    connection.send(encodeOk(this.#parts, this, lost))
  }

  /** Unbinds the session from its connection, which needs another owner from now on. */
  #release(): Connection | undefined {
    const conversation = this.#conversation
    this.#conversation = undefined
    if (conversation) this.#parts.channels.disconnected(this)
    conversation?.end()
    return conversation?.connection
  }

  /** The session has lost its connection. */
  #miss(code: number, reason: string): void {
    const { registry, stage } = this.#parts
    this.#release()
    registry.miss(this)
    if (this.#stage !== 'confirmed') return
    this.#announceDown(code, reason)
    // A draining hub accepts no resumes.
    if (stage.isParking || this.messages.isHolding) this.depart(1012, stage.hint)
    else if (stage.current === 'draining' && !stage.isDeciding) this.close('drained', 1012, stage.hint)
  }

  /** From here on no message of an older connection is accepted. */
  #fence(hi: Hi): void {
    const code = hi.client === this.dials.client ? 1000 : 4409
    const old = this.#release()
    old?.close(code)
    if (old && this.#stage === 'confirmed') this.#announceDown(code, 'superseded')
    this.#parts.registry.back(this)
    this.dials.note(hi)
  }

  #announceDown(code: number, reason: string): void {
    const { lifecycle } = this.#parts
    lifecycle.counters.disconnected++
    lifecycle.announce('down', { peer: this.peer, code, reason })
  }

  #replay(): void {
    const { lifecycle } = this.#parts
    const replayed = this.session.unacknowledged
    this.#connections().chargeReplay(this.session)
    if (replayed > 0) this.line?.resume()
    this.messages.flush()
    if (this.#stage !== 'confirmed') return
    lifecycle.counters.resumed++
    lifecycle.announce('open', { peer: this.peer, resumed: true, replayed })
  }

  #connections(): PastConnections {
    return (this.#past ??= new PastConnections(this.#parts.policy.ports.clock))
  }

  // Messages to the client

  get maxMessageBytes(): number {
    return Math.min(this.#maxPayload, this.#parts.policy.limits.maxBufferedBytes) - frameOverhead
  }

  push(encoded: Encoded, how: SendOptions): Sent {
    return (this.#departure ?? this.messages).push(encoded, how)
  }

  reply(message: Sized, answers?: number): void {
    if (!this.#departure) void this.messages.write({ ...message, shared: undefined }, {})
    else if (answers !== undefined) void this.#departure.reply(message.body, answers)
  }

  rest(): void {
    this.messages.rest()
    if (this.#messageTokens?.isFull) this.#messageTokens = undefined
    this.#parts.channels.rest(this)
  }

  // Moves

  get isMoving(): boolean {
    return this.messages.isHolding || this.#departure !== undefined
  }

  get hasDeparted(): boolean {
    return this.#departure !== undefined
  }

  get canPark(): boolean {
    return this.#canPark
  }

  askToPark(after: DelayRange, within: number): void {
    if (this.messages.isHolding) return
    this.messages.hold()
    this.line?.control(['drain', { after, within, park: true }])
  }

  arrive(snapshot: SessionSnapshot): void {
    const { channels, lifecycle, policy, registry, sharedBroadcasts } = this.#parts
    const { written, queued, isSuspect, received, broadcasts } = snapshot
    registry.add(this)
    this.#stage = 'confirmed'
    registry.confirm(this)
    if (isSuspect) this.#past = new PastConnections(policy.ports.clock, isSuspect)
    lifecycle.counters.arrived++
    lifecycle.announcePeer(this.peer, 'moved')
    channels.confirmed(this)
    channels.arrived(this, snapshot)
    if (received > 0) this.messageTokens.spend(Math.min(received, policy.limits.messageBurst))
    this.messages.restore(written, queued)
    sharedBroadcasts?.arrived(this, broadcasts)
  }

  depart(code: number, reason?: string): void {
    const { channels, lifecycle, moves, policy, registry, renewals } = this.#parts
    if (!moves || this.#stage !== 'confirmed') return
    if (!moves.hasRoom(this)) return this.overflow('maxParkedTotalBytes')
    lifecycle.during(() => {
      const connection = this.#release()
      connection?.close(code, reason)
      const queued = this.messages.takeQueued()
      // The broadcasts that it has missed may have been too many.
      if (this.#stage === 'ended') return
      const running = this.#endpoint?.running ?? []
      const snapshot = this.#freeze(queued, running)
      this.#parts.sharedBroadcasts?.forget(this)
      registry.depart(this)
      channels.departed(this, policy.sessionTimeout)
      this.#stage = 'ended'
      lifecycle.defer(() => renewals.stop(this))
      const { identity, dials, mailbox } = snapshot
      const { rx, tx } = this.session
      const tombstone = { rx, tx, queued: queued.length }
      const text = encodeSnapshot(snapshot)
      const parked = { text, format: currentFormat, identity, dials, tombstone, mailbox, running }
      this.#departure = moves.depart(this, parked, queued, this.#endpoint)
    })
  }

  #freeze(queued: readonly Queued<Body>[], running: readonly number[]): SessionSnapshot {
    const { channels, moves, policy, sharedBroadcasts } = this.#parts
    const mail = moves!.mailOf(this)
    return {
      ...freezeMessages(this.session, queued, policy.ports.clock.now()),
      ...channels.stateOf(this),
      received: this.#messageTokens?.missing ?? 0,
      keyHash: keyHash(this.key),
      identity: this.identity,
      isSuspect: this.#past?.isSuspect ?? false,
      dials: this.dials.numbers,
      lastRequest: this.#endpoint?.lastRequest ?? this.#lastRequest,
      mailbox: mail.mailbox,
      running: [...mail.running, ...running],
      broadcasts: sharedBroadcasts?.stateOf(this),
    }
  }

  // The end

  get endListeners(): Listeners | undefined {
    return this.#endListeners
  }

  end(why: LostReason, code: number, details?: EndDetails): void {
    this.#retire(why).close(code, details)()
  }

  overflow(limit: LimitName): void {
    countOne(this.#parts.lifecycle.counters.limitHits, limit)
    this.end('overflow', 4410)
  }

  expire(): () => void {
    // A client that has not confirmed its session in time may still be connected.
    return this.#retire('expired').close(4408)
  }

  close(why: LostReason, code: number, reason?: string): void {
    this.messages.flushAll()
    if (this.#stage !== 'ended') this.#retire(why).sayGoodbye(code, reason)
  }

  leave(bye: Bye): void {
    const { stage } = this.#parts
    if (bye.rx > this.session.tx) this.violated(4400, 'a bye of the future')
    else if (stage.current === 'open') this.#retire('left').answerGoodbye(bye, 1000)
    else this.#retire('drained').answerGoodbye(bye, 1012, stage.hint)
  }

  remains(why: LostReason): Tombstone {
    const { key } = this
    const { rx, tx } = this.session
    return { key, why, rx, tx, queued: this.messages.queued }
  }

  onEnd(listener: Listener): Unsubscribe {
    const { report } = this.#parts.policy.ports
    const end = (this.#departure ?? this.#teardown)?.end
    if (!end) return (this.#endListeners ??= createListeners(report)).on('end', listener)
    const late = createListeners(report)
    queueMicrotask(() => late.emit('end', end))
    return late.on('end', listener)
  }

  /** From here on no message is accepted and no new message is sent, so the receive cursor is final. */
  #retire(why: PeerEnd['why']): Teardown {
    const { lifecycle, registry, renewals } = this.#parts
    const isConfirmed = this.#stage === 'confirmed'
    const connection = this.#release()
    const { queued } = this.messages
    const endpoint = this.#endpoint
    this.#parts.channels.ended(this)
    this.#parts.sharedBroadcasts?.forget(this)
    // A client whose `bye` was not answered returns, and receives the reason.
    const reason = why === 'left' ? 'closed' : why
    // Of a session that another hub may have, this one knows no final cursor.
    if (reason === 'unknown') registry.depart(this)
    else registry.remove(this, reason)
    this.#parts.moves?.ended(this, this.remains(reason))
    this.#stage = 'ended'
    // The application may listen to the signal that is aborted here.
    lifecycle.defer(() => renewals.stop(this))
    this.messages.refuse()
    return (this.#teardown = new Teardown(this.#parts, this, {
      why,
      connection,
      queued,
      endpoint,
      isConfirmed,
    }))
  }
}
