// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: RequestHandler StandardSchema SchemaResult SchemaIssue RequestSchema SchemaContract Schemas Checks InvalidData Contract AnyContract ContractOf SchemaData ChannelsOf EntriesOf AnyFunction Side EventName EventData RequestName RequestInput RequestAnswer Clock
// protocol.d.ts has: ServerContractOf
// holdfast-core.d.ts has: InputOf OutputOf Member
import { Hub, HubOptions } from '@holdfast/server'
import { Payload, Unsubscribe, PlainOptions, AsyncDisposeLike, Client, Signal, ClientOptions } from 'holdfast'
interface ClockFaults {
  readonly firesAt?: (due: number, delay: number) => number
  readonly resolution?: number
}
interface VirtualClock extends Clock {
  readonly pending: number
  readonly next: number | undefined
  advance(ms: number, look?: () => boolean): Promise<void>
  sleep(ms: number, style?: 'stops' | 'runs'): void
  stall(ms: number): void
  jump(ms: number): void
}
declare const clockFaults: Readonly<Record<'exact' | 'early' | 'late' | 'coarse', ClockFaults>>
declare function createVirtualClock({ firesAt, resolution }?: ClockFaults): VirtualClock
declare function settleMicrotasks(): Promise<void>
type SocketData = string | Uint8Array<ArrayBuffer>
interface SocketPeer {
  sent?(data: SocketData, bytes: number): void
  backlog?(): number
  closing?(code: number | undefined, reason: string): void
  abandoned?(): void
}
declare class FakeSocket {
  readonly url: string
  readonly protocols: readonly string[]
  readonly sent: SocketData[]
  peer: SocketPeer | undefined
  readyState: number
  protocol: string
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  private waitingBytes
  private lateBytes
  constructor(url: string | URL, protocols?: string | readonly string[], peer?: SocketPeer)
  send(data: string | ArrayBuffer | ArrayBufferView): void
  get bufferedAmount(): number
  close(code?: number, reason?: string): void
  opened(protocol?: string): void
  received(data: SocketData): void
  flushed(bytes?: number): void
  ended(code?: number, reason?: string): void
  dropped(): void
  private finish
  protected startClosing(code: number | undefined, reason: string): void
  protected tooEarly(): Error
  protected failed(): void
  protected bring(data: SocketData): void
  private backlog
  private asEventData
  protected emit(listener: ((event: never) => void) | null, event: object): void
}
declare class DroppableSocket extends FakeSocket {
  protected hasOpened: boolean
  private isDropped
  close(code?: number, reason?: string): void
  terminate(): void
  received(data: SocketData): void
  opened(protocol?: string): void
  ended(code?: number, reason?: string): void
  protected failed(): void
  protected tooEarly(): Error
}
declare class FakeServerSocket extends DroppableSocket {
  readyState: number
  protected hasOpened: boolean
}
interface LaneConditions {
  readonly latency?: number | (() => number)
  readonly bytesPerSecond?: number
}
type Direction = 'toServer' | 'toClient'
interface NetworkConditions extends LaneConditions {
  readonly closeTimeout?: number
}
interface Notice {
  readonly client?: number
  readonly server?: number
}
type FrameFate = 'pass' | 'drop' | 'duplicate' | 'cut'
interface FrameInfo {
  readonly connection: SimulatedConnection
  readonly direction: Direction
  readonly number: number
  readonly data: SocketData
}
interface SimulatedConnection {
  readonly number: number
  readonly client: FakeSocket
  readonly server: FakeServerSocket | undefined
  readonly isLive: boolean
  readonly inFlight: number
  cut(notice?: Notice): void
  blackHole(direction?: Direction): void
  heal(): void
}
interface SimulatedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}
interface SimulatedNetwork {
  readonly WebSocket: new (url: string, protocols?: string[]) => FakeSocket
  readonly connections: ReadonlySet<SimulatedConnection>
  readonly last: SimulatedConnection | undefined
  readonly dials: number
  readonly inFlight: number
  listen(host: string, accept: (socket: FakeServerSocket, request: SimulatedRequest) => void): () => void
  setConditions(conditions: NetworkConditions): void
  setFrameFate(decide: ((frame: FrameInfo) => FrameFate) | undefined): void
  cut(notice?: Notice): void
  blackHole(direction?: Direction): void
  heal(): void
}
interface NetworkOptions {
  readonly clock: Clock
  readonly conditions?: NetworkConditions
  readonly headers?: Readonly<Record<string, string>>
  readonly flavor?: 'browser' | 'ws'
}
declare function createNetwork({ clock, conditions, headers, flavor }: NetworkOptions): SimulatedNetwork
interface UntilOptions {
  readonly within?: number
}
type TestServerOptions = Pick<PlainOptions, 'shape' | 'requests' | 'encode' | 'decode'>
type Received<C = AnyContract> = {
  [Name in string & (EventName<C, 'toServer'> | RequestName<C>)]: {
    readonly name: Name
    readonly data: Name extends RequestName<C>
      ? RequestInput<C, 'toServer', Name>
      : EventData<C, 'toServer', Name>
  }
}[string & (EventName<C, 'toServer'> | RequestName<C>)]
type DataArguments<Data> = undefined extends Data ? [data?: Data] : [data: Data]
interface TestConnection<C = AnyContract> {
  readonly number: number
  readonly request: SimulatedRequest
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...data: DataArguments<EventData<C, 'toClient', Name>>
  ): void
  sendRaw(data: Payload): void
  close(code?: number, reason?: string): void
}
interface TestServer<C = AnyContract> {
  readonly connections: readonly TestConnection<C>[]
  readonly received: readonly Received<C>[]
  readonly receivedRaw: readonly Payload[]
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...data: DataArguments<EventData<C, 'toClient', Name>>
  ): void
  sendRaw(data: Payload): void
  on<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    listener: (data: EventData<C, 'toServer', Name>, connection: TestConnection<C>) => unknown,
  ): Unsubscribe
  onRaw(listener: (data: Payload, connection: TestConnection<C>) => unknown): Unsubscribe
  onConnection(listener: (connection: TestConnection<C>) => unknown): Unsubscribe
  handle<Name extends string & RequestName<C>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toServer', Name>,
      connection: TestConnection<C>,
    ) => RequestAnswer<C, Name> | Promise<RequestAnswer<C, Name>>,
  ): Unsubscribe
  close(code?: number, reason?: string): void
  stop(): void
  start(): void
}
interface TestPairOptions<C> extends Partial<Omit<ClientOptions, 'WebSocket'>> {
  readonly createClient: (options: ClientOptions) => Client<C>
  readonly url?: ClientOptions['url']
  readonly conditions?: NetworkConditions
  readonly headers?: Readonly<Record<string, string>>
  readonly clock?: VirtualClock
  readonly seed?: number
}
interface PlainPairOptions<C> extends TestPairOptions<C> {
  readonly serverOptions?: TestServerOptions
  readonly createHub?: undefined
}
interface SchemaPlainPairOptions<S extends Schemas> extends PlainPairOptions<ContractOf<S>> {
  readonly contract: S
}
interface HubPairOptions<C, S extends Contract, Data> extends TestPairOptions<C> {
  readonly createHub: (options: HubOptions<Data>) => Hub<S, Data>
  readonly hubOptions?: HubOptions<Data>
}
interface SchemaHubPairOptions<S extends Schemas, Data> extends HubPairOptions<
  ContractOf<S>,
  ServerContractOf<S>,
  Data
> {
  readonly contract: S
}
interface TestPair<C = AnyContract> extends AsyncDisposeLike {
  readonly client: Client<C>
  readonly clock: VirtualClock
  readonly network: SimulatedNetwork
  readonly reported: unknown[]
  open(client?: Client<C>): Promise<void>
  settle(): Promise<void>
  until<T>(promise: PromiseLike<T>, options?: UntilOptions): Promise<T>
  until(condition: () => unknown, options?: UntilOptions): Promise<void>
  signal(signal: Signal): void
  newClient(options?: Partial<ClientOptions>): Client<C>
  stop(): void
  start(): void
  dispose(): Promise<void>
}
interface PlainPair<C = AnyContract, S = C> extends TestPair<C> {
  readonly server: TestServer<S>
}
interface HubPair<C = AnyContract, S = C, Data = unknown> extends TestPair<C> {
  readonly hub: Hub<S, Data>
}
declare function createTestPair<S extends Schemas, Data = unknown>(
  options: SchemaHubPairOptions<S, Data>,
): HubPair<ContractOf<S>, ServerContractOf<S>, Data>
declare function createTestPair<C extends Contract = AnyContract, Data = unknown>(
  options: HubPairOptions<NoInfer<C>, C, Data>,
): HubPair<Known<C>, Known<C>, Data>
declare function createTestPair<S extends Schemas>(
  options: SchemaPlainPairOptions<S>,
): PlainPair<ContractOf<S>, ServerContractOf<S>>
declare function createTestPair<C extends Contract = AnyContract>(
  options: PlainPairOptions<C>,
): PlainPair<Known<C>>
type Known<C> = Contract extends C ? AnyContract : C
declare function createRandom(seed: number): () => number
export {
  DroppableSocket,
  FakeServerSocket,
  FakeSocket,
  clockFaults,
  createNetwork,
  createRandom,
  createTestPair,
  createVirtualClock,
  settleMicrotasks,
}
export type {
  ClockFaults,
  Direction,
  FrameFate,
  FrameInfo,
  HubPair,
  HubPairOptions,
  LaneConditions,
  NetworkConditions,
  NetworkOptions,
  Notice,
  PlainPair,
  PlainPairOptions,
  Received,
  SchemaHubPairOptions,
  SchemaPlainPairOptions,
  SimulatedConnection,
  SimulatedNetwork,
  SimulatedRequest,
  SocketData,
  SocketPeer,
  TestConnection,
  TestPair,
  TestPairOptions,
  TestServer,
  TestServerOptions,
  UntilOptions,
  VirtualClock,
}
