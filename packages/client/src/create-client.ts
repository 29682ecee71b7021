import {
  bytesOf,
  checkClose,
  checkNames,
  checkTime,
  createOutbox,
  createRouter,
  encodeMessage,
  given,
  HoldfastError,
  misuse,
  namesOf,
} from '@holdfast/protocol'
import type {
  AnyContract,
  Contract,
  ContractOf,
  RequestOptions,
  Schemas,
  SendOptions,
  Sent,
  WaitOptions,
} from '@holdfast/protocol'
import { createChanges, stateKey } from './changes.ts'
import type { Client } from './client.ts'
import type { Cause } from './connection/cause.ts'
import { closeReader } from './connection/close.ts'
import { createConnection } from './connection/connection.ts'
import { pagePolicy } from './connection/page-policy.ts'
import { systemPorts } from './platform/ports.ts'
import type { Ports } from './platform/ports.ts'
import { createPreparation } from './connection/preparation.ts'
import { createIntake } from './intake.ts'
import type { Lifecycle } from './lifecycle.ts'
import { createListeners } from './events/listeners.ts'
import { names, resolveOptions } from './options.ts'
import type { ClientOptions } from './options.ts'
import { createSnapshots } from './snapshots.ts'
import type { CreateOutbox } from './store.ts'
import { memoryOnly, partsKey } from './parts.ts'
import type { ClientParts } from './parts.ts'
import { createWaits } from './waits.ts'
import type { Encoded, Wire } from './wire/wire.ts'

/** The options of a client that brings no wire of its own. */
export type CoreOptions = ClientOptions & { readonly wire: Wire }

/**
 * Creates a client. Has no side effects: no socket, timer, listener or global until `connect()`.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const client = createClient<Chat>({ url: '/ws', wire: session() })
 * client.on('chat', ({ message }) => console.log(message))
 * client.send('chat', { message: 'hi' })
 * void client.connect()
 */
export function createClient<S extends Schemas>(
  options: CoreOptions & { readonly contract: S },
): Client<ContractOf<S>>
export function createClient<C extends Contract = AnyContract>(options: CoreOptions): Client<C>
/* @__NO_SIDE_EFFECTS__ */
export function createClient(options: CoreOptions & { readonly contract?: Schemas }): Client {
  const { contract, wire, store, diagnose, token } = given(options, names)
  const ports: Ports = { ...systemPorts, ...given(options.ports, namesOf(systemPorts)) }
  const { clock, random, report } = ports
  const { policy, delay, closeRules } = resolveOptions(options, report)
  const isContract = !contract || contract.schemas
  if (
    wire?.maxPayloadBytes === undefined ||
    (store && !store.wrap) ||
    (diagnose && !diagnose.begin) ||
    (token && typeof token !== 'function') ||
    !isContract
  )
    throw misuse(
      'write wire: session(), store: store({ name }), diagnose: overHttp(), token: () => token, contract: schemas({})',
    )
  const { toClient: incoming, toServer: outgoing } = contract ?? {}

  let disposed = false
  const counters = {
    sentMessages: 0,
    sentBytes: 0,
    receivedMessages: 0,
    receivedBytes: 0,
    opens: 0,
    unhandled: 0,
    invalid: 0,
  }
  const watchers = createListeners(report)
  const waits = createWaits(clock)
  const snapshotOf = createSnapshots(clock)
  const tell =
    <Kind extends 'invalid' | 'unhandled'>(kind: Kind) =>
    (message: Lifecycle[Kind]): void => {
      counters[kind]++
      watchers.emit(kind, message)
    }
  const invalid = tell('invalid')
  const router = createRouter({
    listeners: createListeners(report),
    incoming,
    invalid,
    unhandled: tell('unhandled'),
  })
  const preparation = createPreparation(options, clock, () => counters.opens > 0)

  const bound = wire.bind({
    ...router,
    ...preparation,
    incoming,
    outgoing,
    clock,
    random,
    report,
    invalid,
    lost: (loss) => watchers.emit('lost', loss),
  })

  const createQueue: CreateOutbox = ({ link, settled }) =>
    createOutbox(
      given(options.outbox),
      () => bound.maxSendBytes,
      {
        ...link,
        flushed() {
          link.flushed?.()
          waits.recheck()
        },
      },
      clock,
      settled,
    )
  const outbox = (store?.wrap(createQueue) ?? createQueue)({
    clock,
    report,
    link: bound.link,
    settled(name, outcome, bytes) {
      if (!('reason' in outcome)) {
        counters.sentMessages++
        counters.sentBytes += bytes
      }
      watchers.emit('settled', { name, outcome })
      waits.recheck()
    },
  })

  const connection = createConnection({
    policy,
    delay,
    ports,
    closed: closeReader(closeRules),
    diagnosis: diagnose ?? pagePolicy,
    prepare: preparation.prepare,
    open: (socket) => bound.open(socket, outbox),
    received: createIntake(wire.maxPayloadBytes, counters),
    opened() {
      counters.opens++
      outbox.flush()
    },
    flush: outbox.flushAll,
    changed: createChanges({ snapshotOf, outbox, bound, waits, watchers, router }),
  })

  const encode = (name: string, data: unknown, id?: number): Encoded =>
    encodeMessage(outgoing, name, data, id, bound.encode)

  const post = (payload: Encoded, name: string | undefined, how: SendOptions = {}): Sent => {
    const bytes = bound.sizeOf(payload)
    if (bytes === undefined || bytes < 0) throw misuse('a payload is bytes, or well-formed text')
    checkTime('ttl', how.ttl)
    return outbox.push(payload, bytes, name, how)
  }

  const start = (how: 'connect' | 'reconnect', wait: WaitOptions = {}): Promise<void> => {
    if (!disposed && !wait.signal?.aborted) {
      preparation.check()
      outbox.accept()
      connection.dispatch({ type: how })
    }
    return waits.until(() => {
      const now = connection.state
      if (disposed) return gone()
      if (now.name === 'closed') return closedError(now.cause, now.fatal)
      return now.name === 'open' ? true : 'later'
    }, wait)
  }

  const dispose = (): Promise<void> => {
    if (!disposed) {
      disposed = true
      outbox.flushAll()
      outbox.refuse('disposed')
      bound.dispose()
      connection.dispatch({ type: 'stop', cause: { reason: 'dispose' }, graceful: false })
    }
    return Promise.resolve(outbox.dispose?.())
  }

  const parts: ClientParts = { bound, contract, ports, outbox, waits, post }

  const client: Client & { readonly [partsKey]: ClientParts } = {
    [partsKey]: parts,
    connect: (wait) => start('connect', wait),
    reconnect: (wait) => start('reconnect', wait),
    disconnect({ queue = 'keep', code, reason } = {}) {
      checkClose(code, reason)
      outbox.flushAll()
      connection.dispatch({
        type: 'stop',
        cause: { reason: 'disconnect', ...(code && { code }), ...(reason && { text: reason }) },
        graceful: true,
      })
      const closed = waits.until(() => (connection.state.name === 'closing' ? 'later' : true), {})
      if (queue !== 'discard') return closed
      outbox.discard('closed')
      return closed.then(() => bound.discard('closed'))
    },
    dispose,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: dispose }),

    send: (name: string, data?: unknown, how?: SendOptions) => post(encode(name, data), name, how),
    sendRaw(data, how) {
      const raw = typeof data === 'string' ? data : bytesOf(data)?.slice()
      if (raw === undefined) throw misuse('sendRaw takes text or bytes')
      return post(bound.encodeRaw(raw), undefined, how)
    },
    request(name: string, input?: unknown, how: RequestOptions = {}) {
      if (disposed) return Promise.reject(gone())
      return bound.request(
        name,
        (id) => post(encode(name, input, id), name, memoryOnly),
        how,
      ) as Promise<never>
    },
    handle: bound.handle as Client['handle'],
    drained({ below = 0, ...wait } = {}) {
      return waits.until(() => {
        if (disposed) return gone()
        const buffered = connection.bufferedAmount()
        if (outbox.bytes + buffered <= below) return true
        return buffered > 0 ? 'soon' : 'later'
      }, wait)
    },

    on: router.on,
    once: router.once,
    off: router.off,
    onAny: router.onAny,
    onRaw: router.onRaw,

    watch(kind, listener) {
      checkNames([kind], kinds)
      return watchers.on(kind, listener)
    },
    get state() {
      return snapshotOf(connection.state)
    },
    subscribe: (listener) => watchers.on(stateKey, listener),
    stats: () => ({
      ...counters,
      rtt: connection.path.rtt,
      queuedMessages: outbox.size,
      queuedBytes: outbox.bytes,
      unacknowledgedMessages: bound.unacknowledged,
      bufferedBytes: connection.bufferedAmount(),
    }),
  }
  return client
}

export const kinds = 'open, down, closed, lost, invalid, unhandled, settled'

function gone(): HoldfastError {
  return new HoldfastError('disposed', 'the client is disposed')
}

function closedError(cause: Cause, isFatal: boolean): HoldfastError {
  if (cause.reason === 'wire-mismatch') return cause.error as HoldfastError
  return isFatal
    ? new HoldfastError('connect-failed', `no connection: ${cause.reason}`, { cause })
    : new HoldfastError('disconnected', 'disconnect() was called', { cause })
}
