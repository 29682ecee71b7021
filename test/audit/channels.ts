import type { EventOf, Ledger } from './ledger.ts'
import type { Audit } from './violation.ts'

/** Channels as their subscribers see them: every publication once and in order, or a gap before anything newer. */
export interface Channels {
  subscribed(event: EventOf<'subscribed'>): void
  unsubscribed(event: EventOf<'unsubscribed'>): void
  joined(event: EventOf<'channel-joined'>): void
  refused(event: EventOf<'channel-refused'>): void
  gap(event: EventOf<'channel-gap'>): void
  recovered(event: EventOf<'channel-recovered'>): void
  published(event: EventOf<'published'>): void
  publishEnded(event: EventOf<'publish-ended'>): void
  got(event: EventOf<'publication'>): void
  members(event: EventOf<'members'>): void
  /** A client or a server has ended. */
  gone(by: string): void
  /** Everything has come to rest: subscribers must have everything, and know each other. */
  rest(): void
  /** Publications must have come to an end, except those of the crashed. */
  finish(crashed: ReadonlySet<string>): void
}

interface Subscriber {
  readonly by: string
  readonly channel: string
  readonly since: EventOf<'subscribed'>
  /** What it has; undefined until the server has reported it. */
  at:
    | { readonly epoch: string; readonly offset: number; readonly event: PlaceEvent | EventOf<'subscribed'> }
    | undefined
  isJoined: boolean
  isRefused: boolean
  /** How many publications have come since it joined, since a gap, or since a recovery. */
  count: number
  members: EventOf<'members'> | undefined
}

type PlaceEvent = EventOf<'channel-joined' | 'channel-gap' | 'publication'>

interface Publication {
  readonly event: EventOf<'published'>
  /** Where it is, as a program saw it. */
  place: { readonly key: string; readonly event: EventOf<'publication' | 'publish-ended'> } | undefined
  ended: EventOf<'publish-ended'> | undefined
  got: EventOf<'publication'> | undefined
}

/** What is known of a log. */
interface Log {
  epoch: string
  /** The epochs before it. */
  readonly past: Set<string>
  highest: number
}

/** Ends of a publication that was certainly not appended. */
const refusals: ReadonlySet<string> = new Set(['undelivered', 'forbidden', 'rate', 'too-large', 'invalid'])

export function createChannels(ledger: Ledger, { violate }: Audit): Channels {
  const subscribers = new Map<string, Subscriber>()
  const publications = new Map<number, Publication>()
  /** By position, the publication there. */
  const places = new Map<string, number>()
  const logs = new Map<string, Log>()

  const isOpen = (by: string): boolean => ledger.clients.get(by)?.isOpen === true

  const keyOf = ({ by, channel }: { readonly by: string; readonly channel: string }): string =>
    JSON.stringify([by, channel])

  const logOf = (channel: string): Log => {
    let log = logs.get(channel)
    if (!log) logs.set(channel, (log = { epoch: '', past: new Set(), highest: 0 }))
    return log
  }

  /** A program has seen a position. */
  const saw = ({ channel, epoch, offset }: EventOf<'publication'> | PlaceEvent | Placed): void => {
    const log = logOf(channel)
    if (log.past.has(epoch)) return
    if (epoch !== log.epoch) {
      log.past.add(log.epoch)
      log.epoch = epoch
      log.highest = offset
    } else log.highest = Math.max(log.highest, offset)
  }

  type Placed = Extract<EventOf<'publish-ended'>, { readonly epoch: string }>

  /** A publication has one position, and a position one publication. */
  const place = (publication: number, event: EventOf<'publication'> | Placed): void => {
    const known = publications.get(publication)!
    const { channel, epoch, offset } = event
    saw(event)
    const key = JSON.stringify([channel, epoch, offset])
    const other = places.get(key)
    if (other !== undefined && other !== publication)
      return violate(
        'publication-split',
        `${epoch} ${offset} of ${channel} is publication ${publication}, and was ${other}`,
        publications.get(other)?.place?.event,
        event,
      )
    if (known.place && known.place.key !== key)
      return violate(
        'published-twice',
        `publication ${publication} is at ${epoch} ${offset} of ${channel}, and elsewhere`,
        known.place.event,
        event,
      )
    places.set(key, publication)
    known.place ??= { key, event }
  }

  const find = (event: PlaceEvent | EventOf<'channel-refused' | 'channel-recovered' | 'members'>) => {
    const subscriber = subscribers.get(keyOf(event))
    if (!subscriber)
      violate(
        'unsubscribed',
        `${event.by} has '${event.type}' of ${event.channel}, and is not subscribed`,
        event,
      )
    return subscriber
  }

  /** The next one, or what is wrong with it. */
  const follow = ({ at, since }: Subscriber, event: EventOf<'publication'>): void => {
    const { by, channel, epoch, offset, publication } = event
    const what = `${by} got publication ${publication} at ${epoch} ${offset} of ${channel}`
    if (!at) violate('unsubscribed', `${what} before it had joined`, since, event)
    else if (epoch !== at.epoch)
      violate('publication-epoch', `${what}, and was in ${at.epoch}`, at.event, event)
    else if (offset <= at.offset) violate('publication-order', `${what} after ${at.offset}`, at.event, event)
    else if (offset !== at.offset + 1)
      violate('publication-hole', `${what} after ${at.offset}, and heard of no gap`, at.event, event)
  }

  const check = (known: Publication, event: EventOf<'publication'>): void => {
    const { publication, channel, by } = event
    known.got ??= event
    if (known.event.channel !== channel)
      violate(
        'publication-invented',
        `publication ${publication} came to ${by} in ${channel}`,
        known.event,
        event,
      )
    contradict(known)
  }

  /** What was certainly not appended cannot come. */
  const contradict = ({ ended, got, event }: Publication): void => {
    if (!ended || !got || !('code' in ended)) return
    const end = ended.code === 'remote' ? (ended.reason ?? '') : ended.code
    if (refusals.has(end))
      violate('refused-yet-published', `publication ${event.publication} was ${end}, and came`, ended, got)
  }

  const checkMembers = ({ by, channel, members }: Subscriber): void => {
    if (!members) return
    const wanted = [...subscribers.values()]
      .filter((other) => other.channel === channel && other.isJoined && isOpen(other.by))
      .map((other) => other.by)
      .sort()
    const seen = [...members.members].sort()
    if (JSON.stringify(seen) !== JSON.stringify(wanted))
      violate(
        'members',
        `${by} sees ${seen.join(', ') || 'nobody'} in ${channel}, and there are ${wanted.join(', ')}`,
        members,
      )
  }

  return {
    subscribed(event) {
      subscribers.set(keyOf(event), {
        by: event.by,
        channel: event.channel,
        since: event,
        at: event.since && { ...event.since, event },
        isJoined: false,
        isRefused: false,
        count: 0,
        members: undefined,
      })
    },
    unsubscribed: (event) => void subscribers.delete(keyOf(event)),
    joined(event) {
      const subscriber = find(event)
      if (!subscriber) return
      const { epoch, offset, by, channel } = event
      subscriber.isJoined = true
      subscriber.isRefused = false
      subscriber.count = 0
      saw(event)
      const { at } = subscriber
      if (at && (at.epoch !== epoch || at.offset !== offset))
        violate(
          'publication-hole',
          `${by} goes on at ${epoch} ${offset} of ${channel}, and was at ${at.epoch} ${at.offset}`,
          at.event,
          event,
        )
      subscriber.at = { epoch, offset, event }
    },
    refused(event) {
      const subscriber = find(event)
      if (!subscriber) return
      subscriber.isJoined = false
      subscriber.isRefused = true
    },
    gap(event) {
      const subscriber = find(event)
      if (!subscriber) return
      saw(event)
      if (!subscriber.at)
        violate('gap-of-nothing', `${event.by} had nothing of ${event.channel} to miss anything`, event)
      subscriber.at = { epoch: event.epoch, offset: event.offset, event }
      subscriber.count = 0
    },
    recovered(event) {
      const subscriber = find(event)
      if (!subscriber) return
      const { by, channel, count } = event
      // A client joins again and reports nothing when it had to drop one.
      if (count > subscriber.count)
        violate(
          'recovered-count',
          `${by} recovered ${count} of ${channel}, and got ${subscriber.count}`,
          event,
        )
      subscriber.count = 0
    },
    published: (event) =>
      void publications.set(event.publication, { event, place: undefined, ended: undefined, got: undefined }),
    publishEnded(event) {
      const known = publications.get(event.publication)
      if (!known || known.event.by !== event.by)
        return violate('invented', `${event.by} did not publish ${event.publication}`, event)
      if (known.ended)
        violate('answered-twice', `publication ${event.publication} has ended before`, known.ended, event)
      known.ended = event
      if ('epoch' in event) place(event.publication, event)
      contradict(known)
    },
    got(event) {
      const { publication, by } = event
      const known = publications.get(publication)
      if (!known)
        return violate('publication-invented', `nobody published ${publication}, which ${by} got`, event)
      if (!isOpen(by))
        violate('got-while-down', `${by} got publication ${publication} without a connection`, event)
      const subscriber = find(event)
      if (!subscriber) return
      if (subscriber.isRefused) violate('unsubscribed', `${by} was refused, and got ${publication}`, event)
      follow(subscriber, event)
      subscriber.at = { epoch: event.epoch, offset: event.offset, event }
      subscriber.count++
      check(known, event)
      place(publication, event)
    },
    members(event) {
      const subscriber = find(event)
      if (subscriber) subscriber.members = event
    },
    gone(by) {
      for (const [key, subscriber] of subscribers) if (subscriber.by === by) subscribers.delete(key)
    },
    rest() {
      for (const subscriber of subscribers.values()) {
        const { by, channel, at, isJoined, isRefused, since } = subscriber
        if (isRefused || !isOpen(by)) continue
        const { epoch, highest } = logOf(channel)
        if (!isJoined || !at) violate('publication-behind', `${by} has not joined ${channel}`, since)
        else if (at.epoch !== epoch || at.offset !== highest)
          violate(
            'publication-behind',
            `${by} is at ${at.epoch} ${at.offset} of ${channel}, which is at ${epoch} ${highest}`,
            at.event,
          )
        checkMembers(subscriber)
      }
    },
    finish(crashed) {
      for (const { event, ended } of publications.values())
        if (!ended && !crashed.has(event.by) && !ledger.servers.get(event.by)?.isKilled)
          violate('unanswered', `publication ${event.publication} of ${event.by} has no end`, event)
    },
  }
}
