import { checkNames, createOutbox, createRouter, given } from '@holdfast/protocol'
import type { AnyContract, Contract, ContractOf, Schemas } from '@holdfast/protocol'
import { createChanges, stateKey } from './changes.ts'
import type { Client } from './client.ts'
import { closeReader } from './connection/close.ts'
import { createConnection } from './connection/connection.ts'
import { createPreparation } from './connection/preparation.ts'
import { createIntake } from './intake.ts'
import { createLifetime } from './lifetime.ts'
import type { Lifecycle } from './lifecycle.ts'
import { createListeners } from './events/listeners.ts'
import { resolveOptions } from './options.ts'
import type { ClientOptions } from './options.ts'
import { createSending } from './sending.ts'
import { createSnapshots } from './snapshots.ts'
import type { CreateOutbox } from './store.ts'
import { partsKey } from './parts.ts'
import type { ClientParts } from './parts.ts'
import { createWaits } from './waits.ts'
import type { Wire } from './wire/wire.ts'

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
  const { policy, delay, closeRules, ports, wire, contract, store, diagnose } = resolveOptions(options)
  const { clock, random, report } = ports
  const { toClient: incoming, toServer: outgoing } = contract ?? {}

  const watchers = createListeners(report)
  const waits = createWaits(clock)
  const snapshotOf = createSnapshots(clock)
  const counters = {
    sentMessages: 0,
    sentBytes: 0,
    receivedMessages: 0,
    receivedBytes: 0,
    opens: 0,
    unhandled: 0,
    invalid: 0,
  }
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

  const createQueue: CreateOutbox = (parts) =>
    createOutbox(
      given(options.outbox),
      () => bound.maxSendBytes,
      {
        ...parts.link,
        flushed() {
          parts.link.flushed?.()
          waits.recheck()
        },
      },
      clock,
      parts.settled,
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
    diagnosis: diagnose,
    prepare: preparation.prepare,
    open: (socket) => bound.open(socket, outbox),
    received: createIntake(wire.maxPayloadBytes, counters),
    opened() {
      counters.opens++
      outbox.flush()
    },
    flush: outbox.flushAll,
    changed: createChanges(snapshotOf, outbox, bound, waits, watchers, router),
  })
  const { methods, isDisposed } = createLifetime(connection, outbox, bound, waits, preparation.check)
  const sending = createSending(bound, outbox, outgoing, isDisposed)
  const parts: ClientParts = { bound, contract, ports, outbox, waits, post: sending.post }

  const client: Client & { readonly [partsKey]: ClientParts } = {
    ...methods,
    [partsKey]: parts,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: methods.dispose }),
    ...sending.methods,
    handle: bound.handle as Client['handle'],

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
