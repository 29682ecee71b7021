import { HoldfastError, misuse } from '@holdfast/protocol'
import { isAbout, isDuring, spanOf } from './active-rule.ts'
import type { ActiveRule, Dial } from './active-rule.ts'
import { createConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { createDoor } from './door.ts'
import type { Lane } from './lane.ts'
import { readRule } from './parse-rule.ts'
import type { Direction, Rule } from './rule.ts'

export interface FaultProxyOptions {
  /**
   * The server: the URL of a WebSocket, or a port of this machine. Only `ws:`, because the proxy cannot parse
   * encrypted frames.
   */
  readonly target: string | URL | number
  /** Rules that apply from the first connection on. */
  readonly rules?: readonly (Rule | string)[]
}

/** A TCP proxy in front of a WebSocket server that produces the faults of a network path. */
export interface FaultProxy extends AsyncDisposable {
  /** The URL to dial, with the path of the target. */
  readonly url: string
  /** The port on 127.0.0.1. It stays the same for the lifetime of the proxy. */
  readonly port: number
  /** The number of accepted connections so far. */
  readonly dials: number
  /** The open connections. Each access takes a new snapshot. */
  readonly connections: readonly ConnectionSnapshot[]
  /**
   * Adds a rule, as text or as an object, and returns the function that removes it. Data that the rule held back is
   * then forwarded. `proxy.rule('toServer frame 3: drop')` drops the third message of each connection.
   *
   * @throws `misuse` for an invalid rule; the message points at the word at fault.
   */
  rule(rule: Rule | string): () => void
  /** Ends every connection like a peer that closes (FIN), without a WebSocket close. New connections are accepted. */
  cut(): void
  /** Ends every connection with RST. New connections are accepted. */
  reset(): void
  /**
   * Forwards nothing, neither data nor the end of a connection, without notifying either end. New connections are
   * accepted, and stall too.
   *
   * Returns the function that ends it, which forwards the held-back data.
   *
   * @default both directions
   */
  blackHole(direction?: Direction): () => void
  /** Removes every rule and every black hole, and forwards the held-back data. Does not undo `refuse()`. */
  heal(): void
  /** Closes the port, so that connections are refused. Existing connections stay open. */
  refuse(): void
  /** Opens the port again. */
  accept(): Promise<void>
  /**
   * Resolves once that many connections were accepted in all.
   *
   * @default one more than so far
   */
  dialed(count?: number): Promise<void>
  /** Ends everything. Resolves when no socket and no timer is left. */
  close(): Promise<void>
}

/** The state of a connection through the proxy at one moment. */
export interface ConnectionSnapshot {
  /** Counted from 1 in the order of their dials. */
  readonly number: number
  /** Wall time, in milliseconds. */
  readonly openedAt: number
  readonly toServer: FlowSnapshot
  readonly toClient: FlowSnapshot
}

/** The data that the proxy received from one end, whether or not it was forwarded. */
export interface FlowSnapshot {
  /** Messages, each with all its fragments. */
  readonly frames: number
  readonly bytes: number
}

/**
 * Starts a TCP proxy in front of a WebSocket server that produces the faults of a network path.
 *
 * Forwards bytes unchanged until a rule or a call says otherwise.
 *
 * @throws `misuse` for an invalid target or rule.
 * @example
 * import { startFaultProxy } from '@holdfast/testing/proxy'
 *
 * await using proxy = await startFaultProxy({ target: 'ws://127.0.0.1:8080', rules: ['toClient: delay 50ms'] })
 * proxy.rule('connection 2 toServer frame 3: cut')
 * const client = createClient({ url: proxy.url })
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const target = readTarget(options.target)
  const first = (options.rules ?? []).map(readRule)
  const rules = new Set<ActiveRule>()
  const connections = new Set<Connection>()
  const waiting = new Set<Waiting>()
  let dials = 0

  const pumpAll = (): void => {
    for (const connection of connections) connection.pump()
  }
  const takeBack = (active: ActiveRule): void => {
    active.takenBack = true
    rules.delete(active)
  }
  const add = (rule: Rule): (() => void) => {
    const active: ActiveRule = { rule, madeAt: performance.now(), dialsBefore: dials, takenBack: false }
    rules.add(active)
    pumpAll()
    return () => {
      takeBack(active)
      pumpAll()
    }
  }

  const door = createDoor((near) => {
    const dial = { number: ++dials, openedAt: performance.now() }
    near.on('error', () => {}) // 'close' follows
    if (isRefused(rules, dial)) near.resetAndDestroy()
    else {
      const connection = createConnection({ dial, near, target, rules })
      connections.add(connection)
      void connection.closed.then(() => connections.delete(connection))
    }
    for (const wait of waiting) {
      if (dials < wait.count) continue
      waiting.delete(wait)
      wait.resolve()
    }
  })
  const port = await door.open()
  for (const rule of first) add(rule)

  const end = (how: 'cut' | 'reset'): void => {
    for (const connection of connections) connection.end(how)
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const { reject } of waiting) reject(new HoldfastError('disposed', 'the proxy was closed'))
      for (const connection of connections) connection.destroy()
      await door.close()
      await Promise.all([...connections].map(({ closed }) => closed))
    })()
    return closing
  }

  return {
    url: `ws://127.0.0.1:${port}${target.path}`,
    port,
    get dials() {
      return dials
    },
    get connections() {
      return [...connections].filter(({ isOver }) => !isOver).map(snapshotOf)
    },
    rule: (rule) => add(readRule(rule)),
    cut: () => end('cut'),
    reset: () => end('reset'),
    blackHole: (direction) => add({ action: 'black-hole', ...(direction && { direction }) }),
    heal() {
      for (const active of rules) takeBack(active)
      pumpAll()
    },
    refuse: door.shut,
    accept: async () => void (await door.open()),
    dialed(count = dials + 1) {
      if (dials >= count) return Promise.resolve()
      const dialed = new Promise<void>((resolve, reject) => {
        waiting.add({ count, resolve, reject })
      })
      // A wait that has ended is not rejected when the proxy closes.
      dialed.catch(() => {})
      return dialed
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Waiting {
  readonly count: number
  resolve(): void
  reject(error: HoldfastError): void
}

interface Target {
  readonly host: string
  readonly port: number
  readonly path: string
}

function readTarget(target: string | URL | number): Target {
  if (typeof target === 'number') {
    if (Number.isInteger(target) && target > 0 && target < 65_536)
      return { host: '127.0.0.1', port: target, path: '' }
    throw misuse(`a target is a URL or a port, and not ${target}`)
  }
  let url: URL
  try {
    url = new URL(target)
  } catch (error) {
    throw misuse(`a target is a URL such as ws://127.0.0.1:8080, and not ${String(target)}`, error)
  }
  const { protocol, hostname, port, pathname, search } = url
  if (protocol !== 'ws:')
    throw misuse(`a target begins with ws://, because encrypted frames cannot be parsed: ${url.href}`)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 80),
    path: `${pathname === '/' ? '' : pathname}${search}`,
  }
}

function isRefused(rules: Iterable<ActiveRule>, dial: Dial): boolean {
  for (const active of rules) {
    if (active.rule.action !== 'refuse' || !isAbout(active, dial)) continue
    if (isDuring(spanOf(active, dial), dial.openedAt)) return true
  }
  return false
}

function snapshotOf({ number, openedAt, lanes }: Connection): ConnectionSnapshot {
  const flow = ({ frames, bytes }: Lane): FlowSnapshot => ({ frames, bytes })
  return {
    number,
    openedAt: Math.round(performance.timeOrigin + openedAt),
    toServer: flow(lanes.toServer),
    toClient: flow(lanes.toClient),
  }
}
