import { violate } from './log.ts'
import type { createLogRules } from './log.ts'
import { epochOf, newSubscription, nowhere, offsetOf, positionOf } from './state.ts'
import type { Frame, Place, State, Subscriber } from './state.ts'
import type { Breach } from './world.ts'

/** What a node does for the subscribers that are connected to it, by PROTOCOL.md or by a breach of it. */
export function createNodeRules(log: ReturnType<typeof createLogRules>, breach: Breach | undefined) {
  const write = ({ down }: Subscriber, frame: Frame): void => void down.push(frame)

  const localsOf = (state: State, index: number): Subscriber[] =>
    state.subscribers.filter(({ node, subscription }) => node === index && subscription.phase !== 'none')

  /** The subscriber is behind, or has nothing yet: the log is read as soon as pub/sub stands. */
  const readFor = (state: State, subscriber: Subscriber): void => {
    const node = state.nodes[subscriber.node]!
    const { subscription } = subscriber
    if (node.pubsub === 'none') node.pubsub = 'asked'
    const isSubscribed = node.pubsub !== 'asked' || breach === 'read-then-subscribe'
    subscription.phase = isSubscribed ? 'reading' : 'waiting'
    subscription.read = undefined
    subscription.seen = nowhere
  }

  const unsubscribe = (state: State, subscriber: Subscriber): void => {
    subscriber.subscription = newSubscription()
    if (localsOf(state, subscriber.node).length > 0) return
    const node = state.nodes[subscriber.node]!
    node.pubsub = 'none'
    node.queue = []
  }

  /** The pub/sub of the node is connected anew. */
  const renew = (state: State, index: number): void => {
    const node = state.nodes[index]!
    node.queue = []
    node.pubsub = 'asked'
    if (breach === 'no-resync') return
    for (const { subscription } of localsOf(state, index)) {
      subscription.phase = 'waiting'
      subscription.read = undefined
    }
  }

  const confirm = (state: State, index: number): void => {
    state.nodes[index]!.pubsub = 'up'
    for (const subscriber of localsOf(state, index))
      if (subscriber.subscription.phase === 'waiting') readFor(state, subscriber)
  }

  const pass = (subscriber: Subscriber, place: Place): void => {
    subscriber.subscription.at = place
    write(subscriber, { t: 'publication', place })
  }

  const publishedFor = (state: State, subscriber: Subscriber, place: Place): void => {
    const { subscription } = subscriber
    if (subscription.phase === 'reading') {
      if (breach === 'pass-while-reading') write(subscriber, { t: 'publication', place })
      else subscription.seen = place
    }
    if (subscription.phase !== 'live') return
    if (breach === 'pass-unchecked') return pass(subscriber, place)
    const isSameEpoch = epochOf(place) === epochOf(subscription.at)
    const ahead = offsetOf(place) - offsetOf(subscription.at)
    if (isSameEpoch && ahead === 1) pass(subscriber, place)
    else if (!isSameEpoch || ahead > 1) readFor(state, subscriber)
  }

  /** Pub/sub brings a publication, which is left out for that subscriber, if any. */
  const published = (state: State, index: number, skipped?: Subscriber): void => {
    const place = state.nodes[index]!.queue.shift()!
    for (const subscriber of localsOf(state, index)) {
      if (subscriber !== skipped) publishedFor(state, subscriber, place)
      else if (breach !== 'forget-skips') readFor(state, subscriber)
      else subscriber.subscription.at = place
    }
  }

  const receive = (state: State, subscriber: Subscriber, isDelayed: boolean): void => {
    const frame = subscriber.up.shift()!
    if (frame.t === 'leave') return unsubscribe(state, subscriber)
    if (frame.t !== 'join') return
    const { n, from } = frame
    if (subscriber.isForbidden || isDelayed) {
      unsubscribe(state, subscriber)
      return write(subscriber, { t: 'refused', n, isTemporary: isDelayed })
    }
    subscriber.subscription = { ...newSubscription(), n, at: from }
    readFor(state, subscriber)
  }

  const readLog = (state: State, subscriber: Subscriber): void => {
    const { node, subscription } = subscriber
    if (state.nodes[node]!.pubsub === 'stale' && breach !== 'two-primaries') return renew(state, node)
    const read = log.read(state, subscription.at)
    if (read.isGap && log.isNeedless(state, subscription.at))
      violate(state, 'NEEDLESS: a gap is told, and nothing is missing')
    subscription.read = read
  }

  const finishRead = (state: State, subscriber: Subscriber): void => {
    const { subscription } = subscriber
    const { isGap, start, head, missed } = subscription.read!
    const { n, isAnswered, seen } = subscription
    if (isGap) write(subscriber, { t: 'gap', n: isAnswered ? 0 : n, at: head })
    else if (!isAnswered && start !== nowhere) write(subscriber, { t: 'joined', n, at: start, missed: 0 })
    else if (!isAnswered) write(subscriber, { t: 'joined', n, at: head, missed: missed.length })
    for (const place of missed) write(subscriber, { t: 'publication', place })
    subscription.read = undefined
    subscription.isAnswered = true
    subscription.at = head
    subscription.phase = 'live'
    subscription.seen = nowhere
    const isKnown = epochOf(seen) === epochOf(head) && offsetOf(seen) <= offsetOf(head)
    if (seen !== nowhere && !isKnown && breach !== 'forget-what-came') readFor(state, subscriber)
  }

  /** The application of the server ends a subscription; the client may join again. */
  const end = (state: State, subscriber: Subscriber): void => {
    const { n, isAnswered } = subscriber.subscription
    unsubscribe(state, subscriber)
    subscriber.ended = n
    write(subscriber, { t: 'refused', n: isAnswered ? 0 : n, isTemporary: false })
  }

  const forbid = (state: State, subscriber: Subscriber): void => {
    const { phase, isAnswered } = subscriber.subscription
    subscriber.isForbidden = true
    if (phase !== 'none' && (isAnswered || breach !== 'join-outlives-kick')) end(state, subscriber)
  }

  /** Whether a look at the end of the log shows that pub/sub has not brought what there is. */
  const isBehind = (state: State, { node, subscription }: Subscriber): boolean => {
    const { pubsub, queue } = state.nodes[node]!
    const isQuiet = pubsub === 'up' && queue.length === 0 && subscription.phase === 'live'
    return isQuiet && positionOf(subscription.at) !== positionOf(state.log.head)
  }

  return {
    unsubscribe,
    renew,
    confirm,
    published,
    receive,
    readLog,
    finishRead,
    end,
    forbid,
    isBehind,
    readFor,
  }
}
