import { createSession, encodeControl } from '@holdfast/protocol'
import type { Answers, Body, Bye, Delivery, Hi, Line, Lost } from '@holdfast/protocol'
import type { LostReason, Ok, Requests, SendOptions } from '@holdfast/protocol'
import type { Authentication } from './options.ts'
import type { Connection } from './connection.ts'
import { Conversation } from './conversation.ts'
import { createPeer } from './create-peer.ts'
import { Dials } from './dials.ts'
import type { Encoded } from './encoded.ts'
import type { HubParts } from './hub-parts.ts'
import { identityTag } from './identity.ts'
import { createListeners } from './listeners.ts'
import type { Listener, Listeners, Unsubscribe } from './listeners.ts'
import { Outgoing } from './outgoing.ts'
import type { Peer, PeerEnd } from './peer.ts'
import type { EndDetails, RefusalDetails, SessionRecord } from './session-record.ts'
import { encodeGoodbye, Goodbye, settle, wordsOf } from './teardown.ts'
import type { Remainder } from './teardown.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Tombstone } from './tombstones.ts'

/** What the numbers of a frame and the header of a binary one may add to its size, in bytes. */
const frameOverhead = 64
/** After one of these closes, a message that was sent may be at fault. */
const poisonCodes = [1003, 1007, 1009, 4413, 4422]

/**
 * What the resumes of a session may cost: in a second in the long run, and at once. Each message that is replayed costs 1,
 * and so does each KiB of them; the resume itself costs as much as a hundred.
 *
 * A client with a window of 1,024 messages and 1 MiB can resume every second, however little it receives in between.
 */
const replayRate = 4_096
const replayBurst = 65_536
const resumeCost = 100

/** What a session leaves behind when it ends. */
interface Rest extends Remainder {
  readonly connection: Connection | undefined
  readonly isConfirmed: boolean
}

/** A session in the memory of this hub. What only some sessions need is made when they do. */
export class LiveSession implements SessionRecord {
  readonly id: string
  readonly key: string
  readonly identity: string | null
  readonly address: string
  readonly session: SessionRecord['session'] = createSession<Body>()
  readonly dials: Dials
  readonly peer: Peer
  requests: Requests | undefined = undefined
  answers: Answers | undefined = undefined
  readonly #parts: HubParts
  #stage: SessionRecord['stage'] = 'provisional'
  #conversation: Conversation | undefined
  #outgoing: Outgoing | undefined
  #maxPayload: number
  #messageTokens: TokenBucket | undefined
  #replayTokens: TokenBucket | undefined
  #silences = 0
  /** The client closed the last connection as if a message of ours had been at fault. */
  #isSuspect = false
  /** The number of the message that was the oldest one when that last happened. */
  #suspect = 0
  #endListeners: Listeners | undefined
  #end: PeerEnd | undefined

  constructor(parts: HubParts, address: string, hi: Hi, { identity, data }: Authentication) {
    this.#parts = parts
    this.id = parts.registry.newSecret()
    this.key = parts.registry.newSecret()
    this.identity = identity
    this.address = address
    this.dials = new Dials(hi)
    this.#maxPayload = hi.maxPayload
    this.peer = createPeer(this, parts.outbound, data)
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
    this.#converse(connection, hi, lost)
    this.#parts.renewal.watch(this, authentication)
  }

  resume(connection: Connection, hi: Hi, authentication: Authentication): void {
    const { refusals, renewal } = this.#parts
    const wait = this.#replays().wait(1)
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
    renewal.watch(this, authentication)
  }

  confirm(): void {
    const { lifecycle, registry } = this.#parts
    this.#stage = 'confirmed'
    registry.confirm(this)
    lifecycle.counters.opened++
    lifecycle.announcePeer(this.peer)
    lifecycle.announce('open', { peer: this.peer, resumed: false, replayed: 0 })
  }

  disconnected(code: number, reason: string): void {
    this.#isSuspect = poisonCodes.includes(code)
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
    return this.#silences
  }

  fellSilent(): void {
    this.#silences++
  }

  showedLife(): void {
    this.#silences = 0
  }

  renew(): void {
    this.#parts.renewal.ask(this)
  }

  #converse(connection: Connection, hi: Hi, lost?: Lost): void {
    const { policy, producers } = this.#parts
    const { limits } = policy
    this.#maxPayload = hi.maxPayload
    this.session.window = hi.window
    this.#conversation = new Conversation(this.#parts, this, connection, this.#quarantineOldest())
    const ok: Ok = {
      session: this.id,
      key: this.key,
      rx: this.session.rx,
      identity: identityTag(this.identity),
      ttl: policy.sessionTimeout,
      ping: policy.pingInterval,
      window: limits.window,
      maxPayload: limits.maxPayloadBytes,
      ...(lost && { lost }),
      producers: producers.offer(this),
    }
    connection.send(encodeControl(['ok', ok]))
  }

  /** Takes the session off its connection, which needs another owner from now on. */
  #release(): Connection | undefined {
    const conversation = this.#conversation
    this.#conversation = undefined
    conversation?.end()
    return conversation?.connection
  }

  /** The session has no connection any more. */
  #miss(code: number, reason: string): void {
    const { lifecycle, registry, stage } = this.#parts
    this.#release()
    registry.miss(this)
    if (this.#stage !== 'confirmed') return
    lifecycle.announce('down', { peer: this.peer, code, reason })
    // A hub that drains lets nobody in again.
    if (stage.current === 'draining') this.close('drained', 1012, stage.hint)
  }

  /** From here on nothing comes from an older connection. */
  #fence(hi: Hi): void {
    const code = hi.client === this.dials.client ? 1000 : 4409
    const old = this.#release()
    old?.close(code)
    if (old && this.#stage === 'confirmed')
      this.#parts.lifecycle.announce('down', { peer: this.peer, code, reason: 'superseded' })
    this.#parts.registry.back(this)
    this.dials.note(hi)
  }

  #replay(): void {
    const { lifecycle } = this.#parts
    const replayed = this.session.unacknowledged
    let bytes = 0
    for (const [, message] of this.session.replay()) bytes += message?.bytes ?? 0
    // Also if there is less: the next resume has to wait then.
    this.#replays().spend(resumeCost + replayed + bytes / 1_024)
    if (replayed > 0) this.line?.resume()
    this.flush()
    if (this.#stage !== 'confirmed') return
    lifecycle.counters.resumed++
    lifecycle.announce('open', { peer: this.peer, resumed: true, replayed })
  }

  #replays(): TokenBucket {
    return (this.#replayTokens ??= new TokenBucket(this.#parts.policy.ports.clock, replayRate, replayBurst))
  }

  /**
   * A message that the client refuses twice in a row as the oldest one is at fault: a void frame takes its number. True
   * while one is suspected, so that each is to be sent for itself.
   */
  #quarantineOldest(): boolean {
    const { session } = this
    const isSuspect = this.#isSuspect
    this.#isSuspect = false
    if (!isSuspect || session.unacknowledged === 0) return false
    const oldest = session.tx - session.unacknowledged + 1
    if (this.#suspect === oldest) session.withdraw({ status: 'undelivered', reason: 'rejected' })
    this.#suspect = oldest
    return true
  }

  // Messages to the client

  get messages(): number {
    return this.#outgoing?.messages ?? 0
  }

  get bytes(): number {
    return this.#outgoing?.bytes ?? 0
  }

  get queued(): number {
    return this.#outgoing?.queued ?? 0
  }

  get maxMessageBytes(): number {
    return Math.min(this.#maxPayload, this.#parts.policy.limits.maxBufferedBytes) - frameOverhead
  }

  push(encoded: Encoded, how: SendOptions): Delivery {
    this.#outgoing ??= new Outgoing(this.#parts, this)
    return this.#outgoing.push(encoded, how)
  }

  flush(): void {
    this.#outgoing?.flush()
  }

  progressed(): void {
    this.#outgoing?.progressed()
  }

  // The end

  end(why: LostReason, code: number, details: EndDetails = {}): void {
    this.#endNow(why, code, details)()
  }

  overflow(): void {
    this.end('overflow', 4410)
  }

  expire(): () => void {
    // A client that has not confirmed its session in time may still be there.
    return this.#endNow('expired', 4408, {})
  }

  close(why: LostReason, code: number, reason?: string): void {
    if (this.#stage === 'ended') return
    this.flush()
    const rest = this.#retire(why)
    const { connection } = rest
    if (!connection) return this.#announce(rest, settle(rest, why, undefined))
    const goodbye = new Goodbye(this.#parts, (finalCursor) => {
      connection.close(code, reason)
      this.#announce(rest, settle(rest, why, finalCursor))
    })
    goodbye.say(connection, rest)
  }

  leave(bye: Bye): void {
    if (bye.rx > this.session.tx) return this.violated(4400, 'a bye of the future')
    const { stage } = this.#parts
    const isDrained = stage.current !== 'open'
    // A client whose goodbye was not answered comes back, and hears why.
    const rest = this.#retire(isDrained ? 'drained' : 'closed')
    const end = { ...settle(rest, isDrained ? 'drained' : 'left', bye.rx), ...wordsOf(bye) }
    rest.connection?.send(encodeGoodbye(rest))
    if (isDrained) rest.connection?.close(1012, stage.hint)
    else rest.connection?.close(1000)
    this.#announce(rest, end)
  }

  remains(why: LostReason): Tombstone {
    const { key, queued } = this
    const { rx, tx } = this.session
    return { key, why, rx, tx, queued }
  }

  onEnd(listener: Listener): Unsubscribe {
    const { report } = this.#parts.policy.ports
    const end = this.#end
    if (!end) return (this.#endListeners ??= createListeners(report)).on('end', listener)
    const late = createListeners(report)
    queueMicrotask(() => late.emit('end', end))
    return late.on('end', listener)
  }

  /** The application hears of the end when the result is called. */
  #endNow(why: LostReason, code: number, { finalCursor, reason = why }: EndDetails): () => void {
    const rest = this.#retire(why)
    rest.connection?.close(code, reason)
    const end = settle(rest, why, finalCursor)
    return () => this.#announce(rest, end)
  }

  /** From here on nothing is taken and nothing new is sent, so the receive cursor is final. */
  #retire(why: LostReason): Rest {
    const { lifecycle, registry, renewal } = this.#parts
    const { session, queued } = this
    const isConfirmed = this.#stage === 'confirmed'
    const connection = this.#release()
    registry.remove(this, why)
    this.#stage = 'ended'
    // The application may listen to the signal that this aborts.
    lifecycle.defer(() => renewal.stop(this))
    this.#outgoing?.refuse()
    return { session, connection, queued, isConfirmed }
  }

  /** Tells the application, last of all. */
  #announce({ isConfirmed }: Rest, end: PeerEnd): void {
    const { lifecycle } = this.#parts
    this.#end = end
    this.requests?.lost()
    if (!isConfirmed) return
    const { answers, peer } = this
    const listeners = this.#endListeners
    lifecycle.during(() => {
      if (answers) lifecycle.defer(() => answers.lost())
      if (listeners) lifecycle.defer(() => listeners.emit('end', end))
      lifecycle.announce('closed', { ...end, peer })
    })
  }
}
