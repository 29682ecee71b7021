import { envelopeCodec, flatCodec } from '@holdfast/protocol'
import type {
  AnyContract,
  EventData,
  EventName,
  PlainFrame,
  RequestAnswer,
  RequestInput,
  RequestName,
} from '@holdfast/protocol'
import type { Payload, PlainOptions, Unsubscribe } from 'holdfast'
import type { ServerProcess } from './backend.ts'
import type { FakeServerSocket } from './fake-socket.ts'
import type { SimulatedRequest } from './network.ts'

/**
 * The format of the server: the same object that `plain()` accepts, as far as it defines the format. `encode` writes
 * what the server sends, and `decode` reads what clients send.
 */
export type TestServerOptions = Pick<PlainOptions, 'shape' | 'requests' | 'encode' | 'decode'>

/** An event or request of a client. In the flat shape, its data excludes the name and the id. */
export type Received<C = AnyContract> = {
  [Name in string & (EventName<C, 'toServer'> | RequestName<C>)]: {
    readonly name: Name
    readonly data: Name extends RequestName<C>
      ? RequestInput<C, 'toServer', Name>
      : EventData<C, 'toServer', Name>
  }
}[string & (EventName<C, 'toServer'> | RequestName<C>)]

/** The arguments after the name of an event: its data, which is optional if it may be undefined. */
type DataArguments<Data> = undefined extends Data ? [data?: Data] : [data: Data]

/** A connection of a client, as the test server sees it. */
export interface TestConnection<C = AnyContract> {
  /** The number of its dial, from 1. */
  readonly number: number
  /** The request for the upgrade, with its path and query. */
  readonly request: SimulatedRequest
  /** Sends an event to this client. Does nothing once the connection is closing or closed. */
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...data: DataArguments<EventData<C, 'toClient', Name>>
  ): void
  /** Sends text or bytes unchanged. */
  sendRaw(data: Payload): void
  /**
   * Closes this connection, with a closing handshake.
   *
   * @throws {TypeError} for a code that no close frame may carry, such as 1006: use `network.cut()` for that
   */
  close(code?: number, reason?: string): void
}

/**
 * A plain JSON server in memory that does what a test specifies, and records what it received.
 *
 * It does nothing automatically: it answers no heartbeat, accepts no token, and forwards nothing to other clients.
 */
export interface TestServer<C = AnyContract> {
  /** The connections that are open. */
  readonly connections: readonly TestConnection<C>[]
  /** Every event and request that clients sent, in the order of their arrival. */
  readonly received: readonly Received<C>[]
  /** Every message that clients sent, as it was on the wire. */
  readonly receivedRaw: readonly Payload[]
  /**
   * Sends an event to all open connections.
   *
   * @throws {Error} when there is none, because the event would not be sent at all
   */
  send<Name extends string & EventName<C, 'toClient'>>(
    name: Name,
    ...data: DataArguments<EventData<C, 'toClient', Name>>
  ): void
  /**
   * Sends text or bytes unchanged to all open connections.
   *
   * @throws {Error} when there is none
   */
  sendRaw(data: Payload): void
  /** Calls the listener for every event of that name, until the returned function is called. */
  on<Name extends string & EventName<C, 'toServer'>>(
    name: Name,
    listener: (data: EventData<C, 'toServer', Name>, connection: TestConnection<C>) => unknown,
  ): Unsubscribe
  /** Calls the listener for every message in its encoded form, before it is decoded. */
  onRaw(listener: (data: Payload, connection: TestConnection<C>) => unknown): Unsubscribe
  /**
   * Calls the listener for every accepted connection. Messages that the listener sends are the first that the client
   * receives.
   */
  onConnection(listener: (connection: TestConnection<C>) => unknown): Unsubscribe
  /**
   * Answers requests of that name, until the returned function is called. An exception of the handler becomes the
   * `error` of the answer: the message of an `Error`, anything else unchanged.
   *
   * @throws {Error} when there is no `requests: correlated()`, or when the name has a handler
   */
  handle<Name extends string & RequestName<C>>(
    name: Name,
    handler: (
      input: RequestInput<C, 'toServer', Name>,
      connection: TestConnection<C>,
    ) => RequestAnswer<C, Name> | Promise<RequestAnswer<C, Name>>,
  ): Unsubscribe
  /**
   * Closes every connection, with a closing handshake. Clients may dial again at once.
   *
   * @default 1001
   */
  close(code?: number, reason?: string): void
  /** Ends like a process that is killed: every connection breaks, and dials are refused until {@link start}. */
  stop(): void
  /** Listens again. Does nothing while the server listens. */
  start(): void
}

type Listener = (data: never, connection: TestConnection) => unknown
type Handler = (input: never, connection: TestConnection) => unknown

/**
 * The parts of a plain server: the interface for the test, and the function to which the network passes connections.
 */
export interface ScriptedServer {
  readonly server: Omit<TestServer, 'stop' | 'start'>
  launch(): ServerProcess
}

export function createScriptedServer(
  options: TestServerOptions,
  report: (error: unknown) => void,
): ScriptedServer {
  const form = createForm(options)
  const events = new Map<string, Set<Listener>>()
  const handlers = new Map<string, Handler>()
  const rawListeners = new Set<(data: Payload, connection: TestConnection) => unknown>()
  const connectionListeners = new Set<(connection: TestConnection) => unknown>()
  const received: Received[] = []
  const receivedRaw: Payload[] = []
  let connections: (TestConnection & { readonly socket: FakeServerSocket })[] = []
  let accepted = 0

  const attempt = (run: () => unknown): void => {
    try {
      Promise.resolve(run()).catch(report)
    } catch (error) {
      report(error)
    }
  }

  const answer = async (
    { type, id, data }: NamedFrame,
    connection: TestConnection,
    handler: Handler,
  ): Promise<void> => {
    let reply: Payload
    try {
      reply = form.answer(type, id, await handler(data as never, connection))
    } catch (error) {
      reply = form.refuse(type, id, error instanceof Error ? error.message : error)
    }
    connection.sendRaw(reply)
  }

  const take = (data: Payload, connection: TestConnection): void => {
    receivedRaw.push(data)
    for (const listener of [...rawListeners]) attempt(() => listener(data, connection))
    const frame = form.read(data)
    if (!frame) return
    received.push({ name: frame.type, data: frame.data })
    const handler = handlers.get(frame.type)
    if (handler && frame.id !== undefined) attempt(() => answer(frame, connection, handler))
    else
      for (const listener of [...(events.get(frame.type) ?? [])])
        attempt(() => listener(frame.data as never, connection))
  }

  const accept = (socket: FakeServerSocket, request: SimulatedRequest): void => {
    const connection = {
      socket,
      number: ++accepted,
      request,
      send: (name: string, data?: unknown) => socket.send(form.write(name, data)),
      sendRaw: (data: Payload) => socket.send(data),
      close: (code?: number, reason?: string) => socket.close(code, reason),
    }
    connections.push(connection)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) =>
      take(typeof data === 'string' ? data : new Uint8Array(data), connection)
    socket.onclose = () => void (connections = connections.filter((other) => other !== connection))
    for (const listener of [...connectionListeners]) attempt(() => listener(connection))
  }

  const open = (): typeof connections => connections.filter(({ socket }) => socket.readyState === 1)
  const sendRaw = (data: Payload): void => {
    const targets = open()
    if (targets.length === 0) throw new Error('no client is connected that could receive this')
    for (const { socket } of targets) socket.send(data)
  }

  return {
    launch: () => ({
      accept,
      close: () => Promise.resolve(),
      kill: () => void (connections = []),
    }),
    server: {
      get connections() {
        return open()
      },
      received,
      receivedRaw,
      send: (name: string, data?: unknown) => sendRaw(form.write(name, data)),
      sendRaw,
      on(name, listener) {
        const listeners = events.get(name) ?? new Set()
        events.set(name, listeners)
        return add(listeners, listener as Listener)
      },
      onRaw: (listener) => add(rawListeners, listener),
      onConnection: (listener) => add(connectionListeners, listener),
      handle(name, handler) {
        if (!form.hasRequests) throw new Error(`requests need serverOptions: { requests: correlated() }`)
        if (handlers.has(name)) throw new Error(`'${name}' has a handler`)
        handlers.set(name, handler)
        return () => {
          if (handlers.get(name) === handler) handlers.delete(name)
        }
      },
      close(code = 1001, reason) {
        for (const { socket } of open()) socket.close(code, reason)
      },
    },
  }
}

/** The same function may be registered more than once, and each registration counts. */
function add<Values extends readonly unknown[]>(
  listeners: Set<(...values: Values) => unknown>,
  listener: (...values: Values) => unknown,
): Unsubscribe {
  const own = (...values: Values): unknown => listener(...values)
  listeners.add(own)
  return () => void listeners.delete(own)
}

interface NamedFrame extends PlainFrame {
  readonly type: string
}

/** The format of the server. */
interface Form {
  readonly hasRequests: boolean
  write(name: string, data: unknown): Payload
  answer(name: string, id: unknown, data: unknown): Payload
  refuse(name: string, id: unknown, error: unknown): Payload
  /** Returns the event or request in a message, if there is one. */
  read(data: Payload): NamedFrame | undefined
}

function createForm({ shape = 'flat', requests, encode, decode }: TestServerOptions): Form {
  const isFlat = shape === 'flat'
  const idKey = requests?.property
  const codec = isFlat ? flatCodec : envelopeCodec

  const decoded = (data: Payload): PlainFrame | undefined => {
    if (decode) return decode(data)
    const frame = typeof data === 'string' ? codec.decode(data, idKey) : undefined
    if (!frame || !isFlat) return frame
    const rest = Object.entries(frame.data as object).filter(([key]) => key !== 'type' && key !== idKey)
    return { ...frame, data: Object.fromEntries(rest) }
  }

  return {
    hasRequests: requests !== undefined,
    write: encode ?? codec.encode,
    answer(name, id, data) {
      if (encode) return encode(name, data, id as string)
      if (!isFlat) return JSON.stringify({ [idKey!]: id, data })
      if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data)))
        throw new Error(`the answer to '${name}' must be an object, on the flat shape`)
      return JSON.stringify({ ...data, [idKey!]: id })
    },
    refuse(name, id, error) {
      if (encode)
        throw new Error(`the handler of '${name}' failed, and an encode of one's own has no errors`, {
          cause: error,
        })
      return JSON.stringify({ [idKey!]: id, error: error ?? 'failed' })
    },
    read(data) {
      const frame = decoded(data)
      return typeof frame?.type === 'string' ? (frame as NamedFrame) : undefined
    },
  }
}
