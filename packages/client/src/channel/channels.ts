import type { Frame } from '@holdfast/protocol'
import type { Client } from '../client.ts'
import type { ClientParts } from '../parts.ts'
import type { ChannelWire } from '../wire/wire.ts'
import { isPlace, readContent } from './content.ts'
import type { WirePosition } from './content.ts'
import { createSharedSubscription } from './shared-subscription.ts'
import type { SharedSubscription } from './shared-subscription.ts'
import { sizeOf } from './size-of.ts'

/** The channels of one client. */
export interface Channels {
  /** Returns the subscription of that name, which begins at that position if there is none. */
  open(name: string, since: WirePosition | undefined): SharedSubscription
  /** Calls back when the client is disposed. */
  onDisposed(listener: () => void): () => void
}

/** The size above which a control is split, in bytes. */
const maxControlBytes = 65_536

const channelsOf = /* @__PURE__ */ new WeakMap<ChannelWire, Channels>()

/** Returns the channels of a client. The first call plugs them into its wire. */
export function channelsIn(client: Pick<Client, 'watch'>, parts: ClientParts, wire: ChannelWire): Channels {
  let channels = channelsOf.get(wire)
  if (!channels) channelsOf.set(wire, (channels = createChannels(client, parts, wire)))
  return channels
}

function createChannels(
  client: Pick<Client, 'watch'>,
  { bound, contract }: ClientParts,
  wire: ChannelWire,
): Channels {
  const subscriptions = new Map<string, SharedSubscription>()
  /** The names of the subscriptions that the server has to end. */
  const left = new Set<string>()
  const disposals = new Set<() => void>()
  let joins = 0
  let isDue = false

  const flush = (): void => {
    isDue = false
    const { peer } = wire.link
    // What is due is sent on the next connection, also when this one breaks meanwhile.
    if (!peer) return
    const isLive = (): boolean => wire.link.peer === peer
    const due: { readonly shared: SharedSubscription; readonly entry: readonly unknown[] }[] = []
    const refused: SharedSubscription[] = []
    for (const shared of subscriptions.values()) {
      const entry = shared.join()
      if (!entry) continue
      if (!peer.channels || sizeOf(entry) > bound.maxSendBytes) refused.push(shared)
      else due.push({ shared, entry })
    }
    const maxBytes = Math.min(bound.maxSendBytes, maxControlBytes)
    const names = [...left].filter((name) => !subscriptions.has(name))
    left.clear()
    for (const leave of inParts(names, sizeOf, maxBytes)) if (isLive()) wire.send({ leave })
    for (const part of inParts(due, ({ entry }) => sizeOf(entry), maxBytes)) {
      if (!isLive()) break
      joins++
      for (const { shared } of part) shared.joinSent(joins)
      wire.send({ join: part.map(({ entry }) => entry), n: joins })
    }
    for (const shared of subscriptions.values()) {
      const content = isLive() && shared.takeData()
      if (content) wire.send(content)
    }
    // Their listeners may leave and open channels, or end the client.
    for (const shared of refused) shared.refuse(peer.channels ? 'too-large' : 'unsupported')
  }

  /** At the end of the turn, so that one message stands for all that the turn has opened and left. */
  const due = (): void => {
    if (isDue) return
    isDue = true
    void Promise.resolve().then(flush)
  }

  wire.receiver = {
    take([seq, , event, data, meta]: Frame) {
      if (seq !== 0 || meta?.channel === undefined) return false
      const { channel, at, absent } = meta
      if (typeof event !== 'string' || !isPlace(at)) wire.violate(4400, 'a malformed publication')
      // Without a subscription, the publication was sent before the server received our `leave`.
      else subscriptions.get(channel as string)?.publication(event, absent ? undefined : data, ...at)
      return true
    },
    control(content) {
      const message = readContent(content)
      if (!message) wire.violate(4400, 'a malformed control of channels')
      else if (message.kind !== 'other') subscriptions.get(message.name)?.received(message)
    },
    dropped() {
      for (const shared of subscriptions.values()) shared.askAgain()
    },
  }

  client.watch('open', () => {
    const { peer } = wire.link
    if (peer) for (const shared of [...subscriptions.values()]) shared.connected(peer.identity)
  })
  client.watch('down', () => {
    left.clear()
    for (const shared of [...subscriptions.values()]) shared.disconnected()
  })
  client.watch('closed', ({ reason }) => {
    if (reason === 'dispose') for (const dispose of [...disposals]) dispose()
  })

  return {
    open(name, since) {
      let shared = subscriptions.get(name)
      if (shared) return shared
      const [kind] = name.split(':') as [string]
      shared = createSharedSubscription(name, since, {
        ...wire.host,
        checks: contract?.channels.get(kind),
        identity: () => wire.link.peer?.identity,
        due,
        violated: (why) => wire.violate(4400, why),
        ended(isSent) {
          subscriptions.delete(name)
          if (!isSent) return
          left.add(name)
          due()
        },
      })
      subscriptions.set(name, shared)
      return shared
    },
    onDisposed(listener) {
      disposals.add(listener)
      return () => void disposals.delete(listener)
    },
  }
}

/** Splits items into lists whose JSON is not much longer than that. */
function inParts<T>(items: readonly T[], size: (item: T) => number, maxBytes: number): T[][] {
  const parts: T[][] = []
  let bytes = Infinity
  for (const item of items) {
    const own = size(item) + 1
    bytes += own
    if (bytes > maxBytes) {
      parts.push([])
      bytes = own
    }
    parts.at(-1)!.push(item)
  }
  return parts
}
