import type { AnyContract, Contract, ContractOf, Schemas, ServerContractOf } from '@holdfast/protocol'
import type { Hub, HubOptions } from '@holdfast/server'
import type { AsyncDisposeLike, Client, ClientOptions, Signal } from 'holdfast'
import type { VirtualClock } from './clock.ts'
import type { NetworkConditions, SimulatedNetwork } from './network.ts'
import type { UntilOptions } from './pass-until.ts'
import type { TestServer, TestServerOptions } from './test-server.ts'

/** What both kinds of pairs take: the options of the client, all optional, and how the network and the clock are. */
export interface TestPairOptions<C> extends Partial<Omit<ClientOptions, 'WebSocket'>> {
  /**
   * The factory of `holdfast`, or one of your application around it, which passes on the options that it is given:
   * socket and ports come with them.
   */
  readonly createClient: (options: ClientOptions) => Client<C>
  /**
   * Where the client dials. The server takes the connections for every host and path.
   *
   * @default 'ws://server.test/ws'
   */
  readonly url?: ClientOptions['url']
  /** How the paths of the network are at first: latency, throughput. */
  readonly conditions?: NetworkConditions
  /** What the requests for upgrades carry, such as `cookie` or `origin`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The clock of both ends. Give one of your own for an odd one, or to share it.
   *
   * @default createVirtualClock()
   */
  readonly clock?: VirtualClock
  /**
   * What all delays, ids and keys are drawn from: the same seed gives the same run.
   *
   * @default 1
   */
  readonly seed?: number
}

/** What a pair with a scripted server takes. */
export interface PlainPairOptions<C> extends TestPairOptions<C> {
  /** How the server speaks; to be given when the client is given a `plain()` that says so. */
  readonly serverOptions?: TestServerOptions
  readonly createHub?: undefined
}

/** The same with a contract of schemas. */
export interface SchemaPlainPairOptions<S extends Schemas> extends PlainPairOptions<ContractOf<S>> {
  readonly contract: S
}

/** What a pair with a hub takes. */
export interface HubPairOptions<C, S extends Contract, Data> extends TestPairOptions<C> {
  /**
   * The factory of `@holdfast/server`, or one of your application around it, which passes on the options that it is
   * given and adds the listeners. It is called again when the server starts again.
   */
  readonly createHub: (options: HubOptions<Data>) => Hub<S, Data>
  /** What `createHub` is given, besides ports and contract. */
  readonly hubOptions?: HubOptions<Data>
}

/** The same with a contract of schemas, which both ends are given. */
export interface SchemaHubPairOptions<S extends Schemas, Data> extends HubPairOptions<
  ContractOf<S>,
  ServerContractOf<S>,
  Data
> {
  readonly contract: S
}

/** A client and a server in memory, on one clock. */
export interface TestPair<C = AnyContract> extends AsyncDisposeLike {
  readonly client: Client<C>
  /** Time. It stands still but for `open`, `until` and `settle`, and for what is done to it. */
  readonly clock: VirtualClock
  /** What is between the client and the server: to be cut, held up, slowed down. */
  readonly network: SimulatedNetwork
  /**
   * What listeners and handlers threw, on either end. What is still in it when the pair is disposed of is thrown
   * then, so that no assertion in a listener fails unseen. Take out what a test expects: `reported.splice(0)`.
   */
  readonly reported: unknown[]
  /**
   * Connects, and lets just so much time pass that the client is open and what both ends then say has arrived. Takes the
   * client of the pair, unless another one is given.
   *
   * @throws {HoldfastError} as `connect()` rejects
   */
  open(client?: Client<C>): Promise<void>
  /**
   * Lets time pass until nothing is under way on the network. What a black hole holds up does not count.
   *
   * @throws {Error} when both ends have not come to rest after a minute
   */
  settle(): Promise<void>
  /**
   * Lets time pass until the promise settles, and gives or throws what it settled to. To be used instead of awaiting
   * an outcome or an answer, which would wait for ever on a clock that stands still.
   *
   * @throws {Error} when it takes longer than `within`, or when no timer is set by which it could still happen
   * @example
   * const outcome = await pair.until(pair.client.send('chat', { message: 'hi' }))
   */
  until<T>(promise: PromiseLike<T>, options?: UntilOptions): Promise<T>
  /** The same until the condition is true, which is looked at after everything that happens. */
  until(condition: () => unknown, options?: UntilOptions): Promise<void>
  /** Tells all clients what a page would notice, such as `wake`, `change`, `offline` or `leave`. Cuts nothing by itself. */
  signal(signal: Signal): void
  /** One more client of the same server, with the options of the pair, and those that are given instead. */
  newClient(options?: Partial<ClientOptions>): Client<C>
  /**
   * Kills the server: connections break, its memory and its timers are gone, and dials are refused until {@link start}.
   *
   * For a restart in good order, use `close()` of the hub or of the scripted server.
   */
  stop(): void
  /** Starts the server again. A hub is made anew, by the factory. Harmless when it runs. */
  start(): void
  /**
   * Disposes of the clients, closes the server, and ends every connection.
   *
   * @throws what is left in {@link reported}: the exception itself, or an `AggregateError` of several
   * @throws {Error} when a timer is left on the clock, which somebody has forgotten to clear
   */
  dispose(): Promise<void>
}

/** A client, and a server that does what the test says. */
export interface PlainPair<C = AnyContract, S = C> extends TestPair<C> {
  readonly server: TestServer<S>
}

/** A client and a hub. */
export interface HubPair<C = AnyContract, S = C, Data = unknown> extends TestPair<C> {
  /** The hub that runs now, or ran last: another one after each start. */
  readonly hub: Hub<S, Data>
}
