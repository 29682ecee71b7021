import type { AnyContract, Contract, ContractOf, Schemas, ServerContractOf } from '@holdfast/protocol'
import type { HubOptions } from '@holdfast/server'
import type { Client, ClientOptions } from 'holdfast'
import { createBackend } from './backend.ts'
import type { ServerProcess } from './backend.ts'
import { createVirtualClock } from './clock.ts'
import { countingClock } from './counting-clock.ts'
import { launchHub } from './hub-process.ts'
import { createNetwork } from './network.ts'
import { passUntil } from './pass-until.ts'
import type { Goal, UntilOptions } from './pass-until.ts'
import { createRandom } from './random.ts'
import { createSignals } from './signals.ts'
import type {
  HubPair,
  HubPairOptions,
  PlainPair,
  PlainPairOptions,
  SchemaHubPairOptions,
  SchemaPlainPairOptions,
  TestPair,
  TestPairOptions,
} from './test-pair.ts'
import { createScriptedServer } from './test-server.ts'
import type { TestServerOptions } from './test-server.ts'

/**
 * Creates a client, a server and a network between them, all in memory and on one virtual clock. Use it to test how
 * an application behaves when its connection breaks, hangs or recovers.
 *
 * Without `createHub`, the server uses plain JSON and does what the test specifies. With `createHub` and the session
 * wire, it is the real hub. Nothing happens before `open()` or `client.connect()`, and time passes only through the
 * pair.
 *
 * This package imports neither factory: pass those of `holdfast` and `@holdfast/server`, or your own around them.
 *
 * @throws {HoldfastError} the exceptions of the factories
 * @example
 * await using pair = createTestPair<Chat>({ createClient })
 * await pair.open()
 * pair.network.cut()
 * await pair.until(() => pair.client.state.status === 'waiting')
 * pair.client.send('chat', { message: 'typed offline' })
 * await pair.until(() => pair.server.received.length > 0)
 * expect(pair.server.received).toEqual([{ name: 'chat', data: { message: 'typed offline' } }])
 * @example
 * await using pair = createTestPair<Chat>({ createClient, createHub, wire: session() })
 * await pair.open()
 * expect(await pair.until(pair.client.send('chat', { message: 'hi' }))).toEqual({ status: 'delivered' })
 */
export function createTestPair<S extends Schemas, Data = unknown>(
  options: SchemaHubPairOptions<S, Data>,
): HubPair<ContractOf<S>, ServerContractOf<S>, Data>
export function createTestPair<C extends Contract = AnyContract, Data = unknown>(
  options: HubPairOptions<NoInfer<C>, C, Data>,
): HubPair<Known<C>, Known<C>, Data>
export function createTestPair<S extends Schemas>(
  options: SchemaPlainPairOptions<S>,
): PlainPair<ContractOf<S>, ServerContractOf<S>>
export function createTestPair<C extends Contract = AnyContract>(
  options: PlainPairOptions<C>,
): PlainPair<Known<C>>
export function createTestPair(options: AnyPairOptions): TestPair {
  const {
    createClient,
    createHub,
    hubOptions,
    serverOptions = {},
    conditions = {},
    headers = {},
    clock = createVirtualClock(),
    seed = 1,
    ...clientOptions
  } = options
  const { contract } = clientOptions

  const reported: unknown[] = []
  const report = (error: unknown): void => void reported.push(error)
  const alreadySet = clock.pending
  const [networkClock, networkTimers] = countingClock(clock)
  const network = createNetwork({ clock: networkClock, conditions, headers })
  const signals = createSignals()
  // One generator per end, so that numbers drawn by one end do not change those of the other.
  const clientRandom = createRandom(seed)
  const serverRandom = createRandom(~seed)

  const scripted = createHub ? undefined : createScriptedServer(serverOptions, report)
  let launched: ReturnType<typeof launchHub<AnyContract, unknown>> | undefined
  const launch = (): ServerProcess =>
    scripted?.launch() ??
    (launched = launchHub({
      createHub: createHub!,
      hubOptions,
      contract,
      clock,
      random: serverRandom,
      report,
    }))
  const backend = createBackend(network, launch)

  const clients: Client[] = []
  const newClient = (own: Partial<ClientOptions> = {}): Client => {
    const client = createClient({
      url: 'ws://server.test/ws',
      ...clientOptions,
      ...own,
      WebSocket: network.WebSocket,
      ports: { clock, random: clientRandom, signals, report, ...clientOptions.ports, ...own.ports },
    })
    clients.push(client)
    return client
  }

  const until = <T>(goal: Goal<T>, how?: UntilOptions): Promise<T> => passUntil(clock, goal, how)
  const settle = (): Promise<void> => until(() => network.inFlight === 0)
  const client = newClient()

  const end = async (): Promise<void> => {
    for (const each of clients) void each.dispose()
    let isClosed = false
    const closed = backend.close().then(() => void (isClosed = true))
    network.cut()
    await passUntil(clock, () => isClosed && network.connections.size === 0, { within: 1_000 })
    await closed
    // Messages in transit when the connection was cut are lost.
    for (const timer of networkTimers) clock.clearTimer(timer)
  }

  let ended: Promise<void> | undefined
  const dispose = async (): Promise<void> => {
    if (ended) return ended
    await (ended = end())
    if (reported.length === 1) throw reported[0]
    if (reported.length > 1) throw new AggregateError(reported, `${reported.length} exceptions of listeners`)
    const left = clock.pending - alreadySet
    if (left > 0)
      throw new Error(
        `timers that are left on the clock: ${left}, the next in ${clock.next! - clock.now()} ms`,
      )
  }

  const pair = {
    client,
    clock,
    network,
    reported,
    newClient,
    until,
    settle,
    async open(which = client) {
      await until(which.connect())
      await settle()
    },
    signal: signals.say,
    stop: backend.stop,
    start: backend.start,
    dispose,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: dispose }),
    ...(scripted && { server: Object.assign(scripted.server, { stop: backend.stop, start: backend.start }) }),
  } satisfies Omit<TestPair, keyof AsyncDisposable> & object
  return createHub ? Object.defineProperty(pair, 'hub', { enumerable: true, get: () => launched!.hub }) : pair
}

/** The widest contract, without names, stands for a factory without a contract, which accepts any name. */
type Known<C> = Contract extends C ? AnyContract : C

/** The options that all kinds of pairs accept. */
interface AnyPairOptions extends TestPairOptions<AnyContract> {
  readonly createHub?: HubPairOptions<AnyContract, AnyContract, unknown>['createHub'] | undefined
  readonly hubOptions?: HubOptions
  readonly serverOptions?: TestServerOptions
  readonly contract?: Schemas
}
