import { checkNames, createOutbox, HoldfastError, misuse, utf8Length, validate } from '@holdfast/protocol'
import type {
  AnyContract,
  Contract,
  ContractOf,
  RequestOptions,
  RequestSchema,
  SchemaContract,
  SendOptions,
  Sent,
  StandardSchema,
  WaitOptions,
} from '@holdfast/protocol'
import { createPreparation } from './attempt.ts'
import type { Client } from './client.ts'
import type { ClientState, Lifecycle } from './lifecycle.ts'
import type { Cause } from './connection/cause.ts'
import { createConnection } from './connection/connection.ts'
import type { State } from './connection/states.ts'
import { systemPorts } from './connection/ports.ts'
import type { Ports } from './connection/ports.ts'
import { createListeners } from './listeners.ts'
import { given, resolveOptions } from './options.ts'
import type { ClientOptions } from './options.ts'
import { defaultWire, sizeOf } from './plain.ts'
import { createRouter } from './router.ts'
import type { CreateOutbox } from './store.ts'
import { createWaits } from './waits.ts'
import type { Encoded, WireEnd } from './wire.ts'

/**
 * Makes a client. Touches nothing: no socket, timer, listener or global until `connect()`.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const client = createClient<Chat>({ url: 'wss://example.com/ws' })
 * client.on('chat', ({ message }) => console.log(message))
 * client.send('chat', { message: 'hi' })
 * void client.connect()
 */
export function createClient<const S extends SchemaContract>(
  options: ClientOptions & { readonly contract: S },
): Client<ContractOf<S>>
export function createClient<C extends Contract = AnyContract>(options: ClientOptions): Client<C>
/* @__NO_SIDE_EFFECTS__ */
export function createClient(
  options: ClientOptions & { readonly contract?: SchemaContract } = {} as never,
): Client {
  const { contract, wire = defaultWire(), store, diagnose } = options
  const ports: Ports = { ...systemPorts, ...given(options.ports) }
  const { clock, random, report } = ports
  const { policy, closeRules } = resolveOptions(options, report)
  if (!wire.attach || (store && !store.wrap) || (diagnose && typeof diagnose !== 'function'))
    throw misuse('write wire: session(), store: store({ name }), diagnose: overHttp()')
  const outbound = contract && new Map(Object.entries(contract.toServer ?? {}))

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

  const announce = <Kind extends keyof Lifecycle>(kind: Kind, value: Lifecycle[Kind]): boolean =>
    watchers.emit(kind, value)
  const tell =
    <Kind extends 'invalid' | 'unhandled'>(kind: Kind) =>
    (message: Lifecycle[Kind]): void => {
      counters[kind]++
      announce(kind, message)
    }
  const invalid = tell('invalid')

  const router = createRouter(contract, { report, invalid, unhandled: tell('unhandled') })

  const preparation = createPreparation(options, clock, () => counters.opens > 0)

  const connection = createConnection({
    policy: {
      ...policy,
      get heartbeat() {
        return end.heartbeat
      },
    },
    ports,
    closeRules,
    prepare: preparation.prepare,
    greet: () => end.greet(),
    opened() {
      counters.opens++
      outbox.flush()
    },
    probe: () => end.probe?.(),
    flush: () => outbox.flushAll(),
    diagnose,
    close: () => end.close?.() ?? false,
    closeHint: (text) => end.closeHint?.(text),
    received(data) {
      const frame = typeof data === 'string' ? data : bytesOf(data)
      counters.receivedMessages++
      if (frame === undefined)
        return end.unreadable ? end.unreadable() : invalid({ reason: 'undecodable', data })
      counters.receivedBytes += frame.length
      // A UTF-16 unit is three bytes at most, so only a text that may be too long has to be measured.
      const { maxPayloadBytes } = wire
      const isLarge = frame.length * 3 > maxPayloadBytes && sizeOf(frame)! > maxPayloadBytes
      if (!isLarge) end.received(frame)
      else if (end.tooLarge) end.tooLarge()
      else invalid({ reason: 'too-large', data: frame })
    },
    changed,
  })

  const end: WireEnd = wire.attach({
    ...router,
    ...preparation,
    contract,
    connection,
    clock,
    random,
    report,
    invalid,
    flush: () => outbox.flush(),
    discard: (reason) => outbox.discard(reason),
    lost: (loss) => announce('lost', loss),
  })

  const createQueue: CreateOutbox = ({ link, settled }) =>
    createOutbox(
      given(options.outbox),
      () => end.maxSendBytes ?? wire.maxPayloadBytes,
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
    link: end.link,
    settled(name, outcome, bytes) {
      if (outcome.status === 'sent' || outcome.status === 'delivered') {
        counters.sentMessages++
        counters.sentBytes += bytes
      }
      announce('settled', { name, outcome })
      waits.recheck()
    },
  })

  let described = connection.state
  let state = describe(described)
  let announced = state

  /** The snapshot of now. The same object as before unless something in it has changed. */
  const snapshot = (): ClientState => {
    if (described === connection.state) return state
    described = connection.state
    const next = describe(described)
    const isSame = (Object.keys(next) as (keyof ClientState)[]).every((key) => next[key] === state[key])
    return isSame ? state : (state = next)
  }

  function describe(next: State): ClientState {
    const { name } = next
    const connecting = name === 'preparing' || name === 'opening' || name === 'greeting'
    return {
      status: connecting ? 'connecting' : name,
      attempt: next.tally.attempts,
      retryAt: name === 'waiting' ? Math.round(clock.wall() + next.deadline - clock.now()) : undefined,
      cause: 'cause' in next ? next.cause : undefined,
      protocol: (name === 'open' && connection.protocol) || undefined,
    }
  }

  function changed(next: State, previous: State): void {
    const isSame = announced === snapshot()
    announced = state

    if (next.name === 'closed') {
      if (next.fatal) outbox.refuse('closed')
      end.closed?.(next.fatal)
    }
    waits.recheck()
    if (previous.name === 'open' && next.name !== 'open') {
      end.down?.(state.cause!)
      announce('down', state.cause!)
    }
    if (next.name === 'open' && previous.name !== 'open')
      announce('open', { ...state, resumed: false, replayed: 0, ...end.resumption })
    if (next.name === 'closed') announce('closed', next.cause)
    if (!isSame) watchers.emit(stateKey)
    // Not by `disposed`: a listener of another end may have disposed the client, and its last `closed` comes next.
    if (state.cause?.reason === 'dispose') {
      router.clear()
      watchers.clear()
    }
  }

  const encode = (name: string, data: unknown, id?: number): Encoded => {
    if (typeof name !== 'string') throw misuse('the name of an event must be a string')
    if (outbound) {
      const issues = validate(inputSchema(outbound.get(name), name), data).issues
      if (issues)
        throw new HoldfastError('misuse', `'${name}' does not fit its schema: ${issues[0]?.message}`, {
          data: issues,
        })
    }
    try {
      return end.encode(name, data, id)
    } catch (error) {
      throw misuse(
        `'${name}' cannot be encoded: ${error instanceof Error ? error.message : String(error)}`,
        error,
      )
    }
  }

  const post = (payload: Encoded, name: string | undefined, how: SendOptions = {}): Sent => {
    const bytes = end.sizeOf(payload)
    if (bytes === undefined || bytes < 0)
      throw misuse('a payload must be bytes, or text without lone surrogates')
    checkTime('ttl', how.ttl)
    return outbox.push(payload, bytes, name, how)
  }

  const start = (how: 'connect' | 'reconnect', wait: WaitOptions = {}): Promise<void> => {
    if (!disposed && !wait.signal?.aborted) {
      preparation.check()
      outbox.accept()
      connection[how]()
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
      if (end.dispose) outbox.flushAll()
      outbox.refuse('disposed')
      end.dispose?.()
      connection.stop({ reason: 'dispose' }, false)
    }
    return Promise.resolve(outbox.dispose?.())
  }

  return {
    connect: (wait) => start('connect', wait),
    reconnect: (wait) => start('reconnect', wait),
    disconnect({ queue = 'keep', code, reason } = {}) {
      checkClose(code, reason)
      outbox.flushAll()
      connection.stop(
        { reason: 'disconnect', ...(code !== undefined && { code }), ...(reason && { text: reason }) },
        true,
      )
      const closed = waits.until(() => (connection.state.name === 'closing' ? 'later' : true), {})
      if (queue === 'keep') return closed
      outbox.discard('closed')
      return closed.then(() => end.discard?.('closed'))
    },
    dispose,
    ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: dispose }),

    send: (name: string, data?: unknown, how?: SendOptions) => post(encode(name, data), name, how),
    sendRaw(data, how) {
      if (typeof data === 'string') return post(end.encodeRaw(data), undefined, how)
      const bytes = bytesOf(data)
      if (!bytes) throw misuse('sendRaw takes text or bytes')
      return post(end.encodeRaw(bytes.slice()), undefined, how)
    },
    request(name: string, input?: unknown, how: RequestOptions = {}) {
      if (!end.request) throw misuse('request() needs session() or plain({ correlate })')
      checkTime('timeout', how.timeout)
      if (disposed) return Promise.reject(gone())
      const schema = outbound?.get(name)
      return end
        .request((id) => post(encode(name, input, id), name, memoryOnly), how)
        .then((answer) =>
          schema && 'output' in schema ? checkAnswer(schema, answer) : answer,
        ) as Promise<never>
    },
    handle(name: string, handler: never) {
      if (!end.handle) throw misuse('handle() needs session()')
      return end.handle(name, handler)
    },
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
      return snapshot()
    },
    subscribe: (listener) => watchers.on(stateKey, listener),
    stats: () => ({
      ...counters,
      rtt: connection.rtt,
      queuedMessages: outbox.size,
      queuedBytes: outbox.bytes,
      unacknowledgedMessages: end.unacknowledged ?? 0,
      bufferedBytes: connection.bufferedAmount(),
    }),
  }
}

export const kinds = 'open, down, closed, lost, invalid, unhandled, settled'

/** How requests are queued: nobody would be there for the answer after a reload. */
const memoryOnly: SendOptions = { durability: 'memory' }

/** What `subscribe` listens to; a symbol, beside the kinds of `watch`. */
const stateKey = /* @__PURE__ */ Symbol()

/** Undefined for what is not bytes, a `Blob` for one. */
function bytesOf(data: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  // By its tag, because a page and its frames have a class each.
  const isBuffer = Object.prototype.toString.call(data) === '[object ArrayBuffer]'
  return isBuffer ? new Uint8Array(data as ArrayBuffer) : undefined
}

function checkClose(code = 1000, reason = ''): void {
  const isCode = Number.isInteger(code) && (code === 1000 || (code > 2999 && code < 5000))
  // Unsigned, because of the -1 for lone surrogates.
  if (!isCode || typeof reason !== 'string' || utf8Length(reason) >>> 0 > 123)
    throw misuse('no socket closes with that code or reason')
}

function checkTime(name: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0)) throw misuse(`${name} must be a number from 0 on`)
}

function gone(): HoldfastError {
  return new HoldfastError('disposed', 'the client is disposed')
}

function closedError(cause: Cause, isFatal: boolean): HoldfastError {
  if (cause.reason === 'wire-mismatch') return cause.error as HoldfastError
  return isFatal
    ? new HoldfastError('connect-failed', `no connection: ${cause.reason}`, { cause })
    : new HoldfastError('disconnected', 'disconnect() was called', { cause })
}

function checkAnswer({ output }: RequestSchema, answer: unknown): unknown {
  const { issues, value } = validate(output, answer) as { issues?: unknown; value?: unknown }
  if (issues) throw new HoldfastError('invalid', 'the answer does not fit its schema', { data: issues })
  return value
}

function inputSchema(entry: StandardSchema | RequestSchema | undefined, name: string): StandardSchema {
  if (!entry) throw misuse(`'${name}' is not in the contract`)
  return 'input' in entry ? entry.input : entry
}
