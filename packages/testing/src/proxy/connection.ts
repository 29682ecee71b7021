import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { longestTimer } from '@holdfast/protocol'
import { isAbout, spanOf } from './active-rule.ts'
import type { ActiveRule, Dial } from './active-rule.ts'
import { createLane } from './lane.ts'
import type { Lane, Sink } from './lane.ts'
import type { Direction } from './rule.ts'

/** A connection through the proxy: a socket at either end, and one queue in each direction. */
export interface Connection extends Dial {
  readonly lanes: Readonly<Record<Direction, Lane>>
  /** Whether the proxy has ended it. It then only has to be closed. */
  readonly isOver: boolean
  /** Applies the rules that are due, and forwards the data that may leave. Call it when the rules have changed. */
  pump(): void
  end(how: 'cut' | 'reset'): void
  /** Closes both sockets at once. */
  destroy(): void
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<void>
}

export interface ConnectionOptions {
  readonly dial: Dial
  readonly near: Socket
  readonly target: { readonly host: string; readonly port: number }
  /** The active rules, for any connection. */
  readonly rules: ReadonlySet<ActiveRule>
}

export function createConnection({ dial, near, target, rules }: ConnectionOptions): Connection {
  const far = connect({ host: target.host, port: target.port, allowHalfOpen: true })
  const sockets = [near, far]
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const mine = (): ActiveRule[] => [...rules].filter((active) => isAbout(active, dial))
  const lane = (direction: Direction, to: Socket): Lane =>
    createLane({ direction, dial, rules: mine, sink: sinkOf(to), onEnd: end })

  function end(how: 'cut' | 'reset'): void {
    if (isOver) return
    isOver = true
    for (const socket of sockets) {
      // A socket that stops reading would answer further data with RST, which would overtake written data.
      socket.resume()
      if (socket.connecting) socket.destroy()
      else if (how === 'cut') socket.end()
      else socket.resetAndDestroy()
    }
  }

  /** Ends the connection if a rule with a time says so. Returns when one will. */
  const endInTime = (now: number): number => {
    let next = Infinity
    for (const active of mine()) {
      const { rule } = active
      if ((rule.action !== 'cut' && rule.action !== 'reset') || rule.frames) continue
      const { from } = spanOf(active, dial)
      if (from <= now) end(rule.action)
      next = Math.min(next, from)
    }
    return next
  }

  const pump = (): void => {
    if (isOver) return
    const now = performance.now()
    let wakeAt = endInTime(now)
    for (const { from, lane: each } of flows) {
      if (isOver) return
      wakeAt = Math.min(wakeAt, each.release(now))
      if (each.isFull) from.pause()
      else from.resume()
    }
    clearTimeout(timer)
    if (wakeAt < Infinity && !isOver)
      timer = setTimeout(pump, Math.min(longestTimer, Math.max(1, Math.ceil(wakeAt - now))))
  }

  const lanes = { toServer: lane('toServer', far), toClient: lane('toClient', near) }
  const flows = [
    { from: near, lane: lanes.toServer },
    { from: far, lane: lanes.toClient },
  ]
  for (const { from, lane: each } of flows) {
    const finish = (how: 'end' | 'reset'): void => {
      each.finish(how, performance.now())
      pump()
    }
    from.setNoDelay(true)
    from.on('data', (chunk) => {
      if (isOver) return
      each.take(chunk, performance.now())
      pump()
    })
    from.on('drain', pump)
    from.on('end', () => finish('end'))
    from.on('error', () => {}) // 'close' follows
    from.on('close', (failed) => failed && finish('reset'))
  }
  const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve))))
  pump()

  return {
    ...dial,
    lanes,
    get isOver() {
      return isOver
    },
    pump,
    end,
    destroy() {
      isOver = true
      for (const socket of sockets) socket.destroy()
    },
    closed: closed.then(() => {
      isOver = true
      clearTimeout(timer)
    }),
  }
}

/** Data that arrives after the end of its receiver is lost, as on any path. */
function sinkOf(socket: Socket): Sink {
  return {
    get isFull() {
      return socket.writable && socket.writableNeedDrain
    },
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    end: () => void (socket.writable && socket.end()),
    reset: () => void socket.resetAndDestroy(),
  }
}
