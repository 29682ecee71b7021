import type { Checks, DelayRange, Listeners } from '@holdfast/protocol'
import type { WireHost } from '../wire/wire.ts'
import type { ChannelMessage, WirePosition } from './content.ts'
import { Members, nobody } from './members.ts'
import type { MemberChange } from './members.ts'
import { Subscription } from './subscription.ts'
import type { ChannelLifecycle, ChannelState, Position, PresenceState, Publication } from './types.ts'

/** The listeners of one handle of a channel. */
export interface HandleListeners {
  /** Those of publications, by event. */
  readonly events: Listeners
  /** Those of everything else: `state`, `presence`, the kinds of `watch` and those of members. */
  readonly changes: Listeners
  /** Reports what the handle has missed before anything newer is delivered; undefined if that is nothing. */
  reportMissed: (() => void) | undefined
}

/** What a subscription needs of the channels of its client. */
export interface SubscriptionPorts extends Pick<WireHost, 'clock' | 'random' | 'invalid'> {
  /** The checks of what is published, if the contract has schemas. */
  readonly checks: Checks | undefined
  /** The identity by which the server knows the client; undefined without a connection. */
  identity(): string | null | undefined
  /** Something has to be sent at the end of the turn. */
  due(): void
  violated(why: string): void
  /** The last handle has left. `isSent` if the server knows of the subscription. */
  ended(isSent: boolean): void
}

/** The subscription that all handles of one channel share. */
export interface SharedSubscription {
  readonly state: ChannelState
  readonly position: Position | undefined
  readonly presence: PresenceState
  add(handle: HandleListeners): void
  /** Removes a handle. The last one ends the subscription. */
  remove(handle: HandleListeners): void
  /** Asks the server for the members, now and with each join. */
  wantMembers(): void
  setData(value: unknown): void

  /** Something of the channel may have been dropped. */
  askAgain(): void
  connected(identity: string | null): void
  disconnected(): void
  publication(event: string, data: unknown, offset: number, id: string): void
  received(message: Exclude<ChannelMessage, { readonly kind: 'other' }>): void
  /** What a join of the channel says, if one is due. */
  join(): readonly unknown[] | undefined
  /** The join was sent. */
  joinSent(n: number): void
  /** The join cannot be sent. */
  refuse(why: string): void
  /** The content of the control for new data of this client, if it is due. */
  takeData(): object | undefined
}

const longestRetry = 3_600_000

export function createSharedSubscription(
  name: string,
  since: WirePosition | undefined,
  ports: SubscriptionPorts,
): SharedSubscription {
  const subscription = new Subscription(since)
  // Replaced and never changed, because a handler may leave or open a handle.
  let handles: readonly HandleListeners[] = []
  let state: ChannelState = { status: 'joining', reason: undefined }
  let members: Members | undefined
  let presence: PresenceState = nobody
  /** The data of this client, once the application has set it. */
  let data: { readonly value: unknown } | undefined
  let isDataDue = false
  let timer: unknown

  const tell = (kind: string, ...values: unknown[]): void => {
    for (const { changes } of handles) changes.emit(kind, ...values)
  }
  const report = <Kind extends keyof ChannelLifecycle>(kind: Kind, value: ChannelLifecycle[Kind]): void =>
    tell(kind, value)

  /** Brings the application up to date, and asks the server for what is missing. */
  const settle = (): void => {
    const { status, reason, isDue } = subscription
    if (isDue) ports.due()
    if (state.status === status && state.reason === reason) return
    const next = (state = { status, reason })
    tell('state')
    if (status !== 'joining' && state === next) report(status, next)
  }

  const membersChanged = (changes: readonly MemberChange[]): void => {
    const { list, isKnown } = members!
    if (presence.members === list && presence.isKnown === isKnown) return
    presence = { members: list, isKnown }
    for (const { kind, member } of changes) tell(kind, member)
    tell('presence')
  }

  const retryLater = ([min, max]: DelayRange): void => {
    const delay = Math.min(min + ports.random() * (max - min), longestRetry)
    timer = ports.clock.setTimer(() => {
      subscription.retry()
      settle()
    }, Math.ceil(delay))
  }

  const receivers: {
    [Kind in Exclude<ChannelMessage['kind'], 'other'>]: (
      message: Extract<ChannelMessage, { readonly kind: Kind }>,
    ) => void
  } = {
    joined({ n, at, missed }) {
      if (!subscription.joined(n, at, missed))
        ports.violated(`an answer that does not follow the position in '${name}'`)
    },
    gap({ n, at, missed }) {
      // With 0, no missed publication counts any more.
      if (subscription.gap(n, at) && missed !== 0) report('gap', { missed })
    },
    refused({ n, why, after }) {
      if (!subscription.refused(n, why, after !== undefined, ports.identity())) return
      if (after) retryLater(after)
      else if (members) membersChanged(members.clear())
    },
    here(message) {
      if (!members || !subscription.isListening) return
      const changes = members.take(message)
      if (changes) membersChanged(changes)
      else subscription.askAnew()
    },
  }

  return {
    get state() {
      return state
    },
    get position() {
      const { position } = subscription
      return position && { epoch: position[0], offset: position[1], id: position[2] }
    },
    get presence() {
      return presence
    },
    add(handle) {
      handles = [...handles, handle]
      if (subscription.isDue) ports.due()
    },
    remove(handle) {
      handles = handles.filter((other) => other !== handle)
      if (handles.length > 0) return
      ports.clock.clearTimer(timer)
      ports.ended(subscription.isSent)
    },
    wantMembers() {
      if (members) return
      members = new Members()
      subscription.askAnew()
      settle()
    },
    setData(value) {
      data = { value }
      isDataDue = true
      ports.due()
    },
    askAgain() {
      subscription.askAgain()
      settle()
    },
    connected(identity) {
      subscription.connected(identity)
      settle()
    },
    disconnected() {
      ports.clock.clearTimer(timer)
      subscription.disconnected()
      settle()
    },
    publication(event, raw, offset, id) {
      const verdict = subscription.publication(offset, id)
      if (verdict === 'hole') ports.due()
      if (verdict !== 'deliver' && verdict !== 'last') return
      const checked = ports.checks
        ? ports.checks.event(event, raw, (invalid) => ports.invalid({ ...invalid, channel: name }))
        : { value: raw }
      if (checked) {
        const publication: Publication = {
          epoch: subscription.epoch,
          offset,
          id,
          event,
          data: checked.value,
        }
        for (const handle of handles) {
          handle.reportMissed?.()
          handle.events.emit(event, checked.value, publication)
        }
      }
      if (verdict === 'last') report('recovered', { count: subscription.takeRecovered() })
    },
    received(message) {
      receivers[message.kind](message as never)
      settle()
    },
    join() {
      if (!subscription.isDue) return undefined
      const options = {
        ...(members && { presence: true }),
        ...(data?.value !== undefined && { data: data.value }),
      }
      const entry = [name, subscription.position ?? null]
      return Object.keys(options).length > 0 ? [...entry, options] : entry
    },
    joinSent(n) {
      isDataDue = false
      members?.restart()
      subscription.asked(n)
    },
    refuse(why) {
      // Not reported: the next server may accept the subscription.
      subscription.refused(0, why, false, undefined)
      settle()
    },
    takeData() {
      const isSent = isDataDue && subscription.isSent
      isDataDue = false
      return isSent ? { data: data!.value === undefined ? [name] : [name, data!.value] } : undefined
    },
  }
}
