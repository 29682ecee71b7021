import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Unsubscribe } from '@holdfast/protocol'

/** The part of an HTTP server that the hub uses; those of `node:http` and `node:https` have it. */
export interface HttpServerLike {
  on(event: 'upgrade', listener: (...values: unknown[]) => void): unknown
  off(event: 'upgrade', listener: (...values: unknown[]) => void): unknown
  listeners(event: 'upgrade'): readonly unknown[]
  /** While a hub is attached, the hub's function wraps this one. */
  emit(event: 'upgrade', ...values: unknown[]): boolean
  /**
   * The address on which it listens: `hosts` depends on it. Without it, the server counts as reachable from other
   * machines.
   */
  address?(): unknown
}

type Upgrade = readonly [request: IncomingMessage, socket: Duplex, head: Buffer]
export type UpgradeListener = (...upgrade: Upgrade) => void

/** Dispatches the upgrades of one HTTP server to the hubs that are attached to it. */
export interface UpgradeRouter {
  has(path: string): boolean
  /** Calls the function for every upgrade of that path, unless an earlier function has the same path. */
  add(path: string, take: UpgradeListener): Unsubscribe
}

interface Route {
  readonly path: string
  readonly take: UpgradeListener
}

/**
 * Marks the listeners of hubs and the sockets that they accepted, including those of another copy of this package.
 */
const brand: unique symbol = /* @__PURE__ */ Symbol.for('holdfast.upgrade')
const routers = /* @__PURE__ */ new WeakMap<HttpServerLike, UpgradeRouter>()

export function upgradeRouterOf(server: HttpServerLike): UpgradeRouter {
  let router = routers.get(server)
  if (!router) routers.set(server, (router = createRouter(server)))
  return router
}

function createRouter(server: HttpServerLike): UpgradeRouter {
  const routes = new Set<Route>()
  let restoreEmit: (() => void) | undefined

  const find = (path: string): Route | undefined => [...routes].find((route) => route.path === path)

  const take = (...[request, socket, head]: Upgrade): boolean => {
    const route = find(pathOf(request))
    if (!route) return false
    Object.assign(socket, { [brand]: true })
    route.take(request, socket, head)
    return true
  }

  // Without a listener Node treats an upgrade as an ordinary request. This listener is also called for paths of hubs
  // if other code has bound `emit` before the hub was attached: Fastify does, for each address of 'localhost' but the
  // first.
  const listener: UpgradeListener = (request, socket, head) => {
    if (brand in socket || take(request, socket, head)) return
    if (isNobodys(server, listener)) answer(socket, 404)
  }
  Object.assign(listener, { [brand]: true })

  return {
    has: (path) => find(path) !== undefined,
    add(path, taker) {
      const route = { path, take: taker }
      routes.add(route)
      if (!restoreEmit) {
        restoreEmit = interceptUpgrades(server, take)
        server.on('upgrade', listener as (...values: unknown[]) => void)
      }
      return () => {
        routes.delete(route)
        if (routes.size > 0) return
        server.off('upgrade', listener as (...values: unknown[]) => void)
        restoreEmit?.()
        restoreEmit = undefined
      }
    },
  }
}

/**
 * Calls `take` for each upgrade, and hides the upgrades that it accepts from all listeners: other libraries answer,
 * accept or destroy every upgrade that they see. The returned function undoes this, unless other code has replaced
 * `server.emit` since: then the wrapper stays under it.
 */
function interceptUpgrades(server: HttpServerLike, take: (...upgrade: Upgrade) => boolean): () => void {
  const own = Object.hasOwn(server, 'emit') ? server.emit : undefined
  const emit: HttpServerLike['emit'] = (event, ...values) => {
    if (event === 'upgrade' && take(...(values as [...Upgrade]))) return true
    // Tracing tools may patch the prototype later.
    const next = own ?? (Object.getPrototypeOf(server) as HttpServerLike).emit
    return next.call(server, event, ...values)
  }
  server.emit = emit
  return () => {
    if (server.emit !== emit) return
    if (own) server.emit = own
    else Reflect.deleteProperty(server, 'emit')
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!
}

/**
 * Returns whether this listener must refuse an unhandled upgrade: if all listeners are those of hubs, the last one
 * does. Any other listener may be about to accept it.
 */
function isNobodys(server: HttpServerLike, listener: UpgradeListener): boolean {
  const all = server.listeners('upgrade') as readonly { readonly [brand]?: true }[]
  return all.at(-1) === listener && all.every((other) => other[brand])
}

/** Answers an upgrade with a status, and closes its socket. */
export function answer(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
