import type { AnyContract, Contract, ContractOf, SchemaContract, ServerContractOf } from '@holdfast/protocol'
import type { Hub, HubOptions } from '@holdfast/server'
import type { AsyncDisposeLike, Client, ClientOptions, Signal } from 'holdfast'
import type { VirtualClock } from './clock.ts'
import type { NetworkConditions, SimulatedNetwork } from './network.ts'
import type { UntilOptions } from './pass-until.ts'
import type { TestServer, TestServerOptions } from './test-server.ts'

/**
 * The options of both kinds of pairs: the options of the client, all optional, and those of the network and the
 * clock.
 */
export interface TestPairOptions<C> extends Partial<Omit<ClientOptions, 'WebSocket'>> {
  /**
   * The factory of `holdfast`, or one of your application around it, which passes on its argument: it contains the
   * socket and the ports.
   */
  readonly createClient: (options: ClientOptions) => Client<C>
  /**
   * The URL that the client dials. The server accepts connections for every host and path.
   *
   * @default 'ws://server.test/ws'
   */
  readonly url?: ClientOptions['url']
  /** The initial conditions of the network: latency, throughput. */
  readonly conditions?: NetworkConditions
  /** The headers of upgrade requests, such as `cookie` or `origin`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The clock of both ends. Pass one for an inexact clock, or to share it.
   *
   * @default createVirtualClock()
   */
  readonly clock?: VirtualClock
  /**
   * The seed of all delays, ids and keys: the same seed produces the same run.
   *
   * @default 1
   */
  readonly seed?: number
}

/** The options of a pair with a scripted server. */
export interface PlainPairOptions<C> extends TestPairOptions<C> {
  /** The format of the server; pass it if the client uses a `plain()` with these options. */
  readonly serverOptions?: TestServerOptions
  readonly createHub?: undefined
}

/** The same options with a contract of schemas. */
export interface SchemaPlainPairOptions<S extends SchemaContract> extends PlainPairOptions<ContractOf<S>> {
  readonly contract: S
}

/** The options of a pair with a hub. */
export interface HubPairOptions<C, S extends Contract, Data> extends TestPairOptions<C> {
  /**
   * The factory of `@holdfast/server`, or one of your application around it, which passes on its argument and adds
   * the listeners. The pair calls it again when the server restarts.
   */
  readonly createHub: (options: HubOptions<Data>) => Hub<S, Data>
  /** The options of `createHub`, besides ports and contract. */
  readonly hubOptions?: HubOptions<Data>
}

/** The same options with a contract of schemas, which both ends get. */
export interface SchemaHubPairOptions<S extends SchemaContract, Data> extends HubPairOptions<
  ContractOf<S>,
  ServerContractOf<S>,
  Data
> {
  readonly contract: S
}

/** A client and a server in memory, on one clock. */
export interface TestPair<C = AnyContract> extends AsyncDisposeLike {
  readonly client: Client<C>
  /** The clock. Its time passes only through `open`, `until` and `settle`, and its own methods. */
  readonly clock: VirtualClock
  /** The network between the client and the server: cut it, hold it back, slow it down. */
  readonly network: SimulatedNetwork
  /**
   * The exceptions of listeners and handlers, on either end. `dispose()` throws those that are left, so that no
   * failed assertion in a listener is missed. If a test expects an exception, remove it first: `reported.splice(0)`.
   */
  readonly reported: unknown[]
  /**
   * Connects, and advances the clock until the client is open and the first messages of both ends have arrived. Uses
   * the client of the pair, unless another one is passed.
   *
   * @throws {HoldfastError} as `connect()` rejects
   */
  open(client?: Client<C>): Promise<void>
  /**
   * Advances the clock until no message is in transit on the network. Data in a black hole does not count.
   *
   * @throws {Error} when messages are still in transit after a minute
   */
  settle(): Promise<void>
  /**
   * Advances the clock until the promise settles, and returns or throws its result. Use it instead of awaiting an
   * outcome or an answer, which would wait forever while the clock stands still.
   *
   * @throws {Error} when it takes longer than `within`, or when no timer is pending
   * @example
   * const outcome = await pair.until(pair.client.send('chat', { message: 'hi' }))
   */
  until<T>(promise: PromiseLike<T>, options?: UntilOptions): Promise<T>
  /** Advances the clock until the condition is true; the condition is checked after every event. */
  until(condition: () => unknown, options?: UntilOptions): Promise<void>
  /**
   * Sends a platform signal to all clients, such as `wake`, `change`, `offline` or `leave`. Does not affect
   * connections itself.
   */
  signal(signal: Signal): void
  /** Creates another client of the same server, with the options of the pair, overridden by the given ones. */
  newClient(options?: Partial<ClientOptions>): Client<C>
  /**
   * Kills the server: connections break, its memory and its timers are gone, and dials are refused until {@link
   * start}.
   *
   * For an orderly restart, use `close()` of the hub or of the scripted server.
   */
  stop(): void
  /** Restarts the server. The factory creates a new hub. Does nothing while the server runs. */
  start(): void
  /**
   * Disposes of the clients, closes the server, and ends every connection.
   *
   * @throws the exceptions that are left in {@link reported}: a single one, or an `AggregateError` of several
   * @throws {Error} when a timer is left on the clock because some code did not clear it
   */
  dispose(): Promise<void>
}

/** A client, and a server that does what the test specifies. */
export interface PlainPair<C = AnyContract, S = C> extends TestPair<C> {
  readonly server: TestServer<S>
}

/** A client and a hub. */
export interface HubPair<C = AnyContract, S = C, Data = unknown> extends TestPair<C> {
  /** The current or last hub: a new one after each start. */
  readonly hub: Hub<S, Data>
}
