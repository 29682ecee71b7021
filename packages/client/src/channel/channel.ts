import { checkNames, HoldfastError, misuse } from '@holdfast/protocol'
import type { ChannelName, Checks, Handler, KindOf } from '@holdfast/protocol'
import type { Client } from '../client.ts'
import { createListeners } from '../events/listeners.ts'
import { partsKey } from '../parts.ts'
import type { ClientParts } from '../parts.ts'
import { channelsIn } from './channels.ts'
import { isPosition } from './content.ts'
import type { WirePosition } from './content.ts'
import { createChannelRequests } from './channel-requests.ts'
import { createPresence } from './presence.ts'
import type { HandleListeners, SharedSubscription } from './shared-subscription.ts'
import type {
  Channel,
  ChannelOptions,
  ChannelState,
  HistoryOptions,
  Position,
  Presence,
  PublishOptions,
} from './types.ts'

const kinds = 'joined, refused, recovered, gap'
const maxNameLength = 256

/**
 * Opens a channel of the server: subscribes the client to its publications, across connections and sessions, until
 * `leave()`.
 *
 * The client may be connected or not. Register handlers in the same turn, so that they receive every publication. After
 * a broken connection the client reads what it has missed from the log of the channel; `watch('gap')` reports what the
 * log no longer has, before anything newer is delivered. Several handles of one channel share one subscription.
 *
 * Requires `session()`, and a server that allows the channel.
 *
 * @throws {HoldfastError} `misuse` on the plain wire, for an invalid name or position, and for a kind that is not in a
 * contract of schemas
 * @example
 * import { channel } from 'holdfast'
 *
 * const room = channel(client, 'room:42')
 * room.on('message', (message) => console.log(message))
 * room.watch('gap', () => console.warn('some messages are missing'))
 * await room.publish('message', { text: 'hi' })
 * @see PROTOCOL.md, Channels
 */
export function channel<C, Name extends string & ChannelName<C>>(
  client: Client<C>,
  name: Name,
  options?: ChannelOptions,
): Channel<C, KindOf<C, Name>>
export function channel(client: Client, name: string, { since }: ChannelOptions = {}): Channel {
  const parts = (client as Partial<Record<typeof partsKey, ClientParts>>)[partsKey]
  const wire = parts?.bound.channels
  if (!wire) throw misuse('channel() needs a client with wire: session()')
  const checks = checksOf(name, parts)
  const from: WirePosition | undefined = since && [since.epoch, since.offset, since.id]
  if (from && !isPosition(from)) throw misuse('since must be { epoch, offset, id }')

  const { report } = wire.host
  const events = createListeners(report)
  const changes = createListeners(report)
  const listeners: HandleListeners = { events, changes, reportMissed: undefined }
  const channels = channelsIn(client, parts, wire)
  const shared = channels.open(name, from)
  const requests = createChannelRequests(parts, wire, name, checks)
  let left: ChannelState | undefined
  let lastPosition: Position | undefined
  let presence: Presence | undefined

  const end = (reason?: string): void => {
    if (left) return
    left = { status: 'left', reason }
    lastPosition = shared.position
    forget()
    shared.remove(listeners)
    events.clear()
    changes.emit('state')
    changes.emit('presence')
    changes.clear()
  }
  const forget = channels.onDisposed(() => end('disposed'))
  shared.add(listeners)
  if (since) continueFrom(since, shared, listeners)
  if (client.state.cause?.reason === 'dispose') end('disposed')

  const ask = <T>(request: () => Promise<T>): Promise<T> => {
    if (!left) return request()
    if (!left.reason) throw misuse(`the channel '${name}' was left: call channel() again`)
    return Promise.reject(new HoldfastError('disposed', 'the client is disposed'))
  }

  return {
    name,
    get state() {
      return left ?? shared.state
    },
    get position() {
      return left ? lastPosition : shared.position
    },
    subscribe: (listener) => changes.on('state', listener),
    watch(kind, listener: Handler<never>) {
      checkNames([kind], kinds)
      return changes.on(kind, listener)
    },
    on: (event: string, handler: (...values: never[]) => unknown) => events.on(event, handler),
    publish: (event: string, data?: unknown, how: PublishOptions = {}) =>
      ask(() => requests.publish(event, data, how)),
    history: (how: HistoryOptions = {}) => ask(() => requests.history(how)) as Promise<never>,
    get presence() {
      return (presence ??= createPresence(shared, changes, () => left !== undefined, parts.bound))
    },
    leave: () => end(),
  }
}

/** Reports a gap to a handle if others of its channel have received something since that position. */
function continueFrom(since: Position, shared: SharedSubscription, listeners: HandleListeners): void {
  const { changes } = listeners
  const compare = ({ epoch, offset, id }: Position): void => {
    const isSameLog = epoch === since.epoch
    if (isSameLog && offset === since.offset && id === since.id) return
    const missed = isSameLog && offset > since.offset ? offset - since.offset : undefined
    listeners.reportMissed = () => {
      listeners.reportMissed = undefined
      changes.emit('gap', { missed })
    }
  }
  if (shared.position) {
    compare(shared.position)
    // The application is about to register its listeners.
    void Promise.resolve().then(() => listeners.reportMissed?.())
    return
  }
  const off = changes.on('joined', () => {
    off()
    compare(shared.position!)
    listeners.reportMissed?.()
  })
}

/** @throws {HoldfastError} `misuse` for a name that no channel of the contract has */
function checksOf(name: string, { contract }: ClientParts): Checks | undefined {
  const [kind] = typeof name === 'string' ? name.split(':', 1) : []
  if (!kind || name.length > maxNameLength) throw misuse('the name of a channel must be kind or kind:id')
  const checks = contract?.channels.get(kind)
  if (contract && !checks) throw misuse(`'${kind}' is not a kind of channels in the contract`)
  return checks
}
