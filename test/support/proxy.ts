import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP proxy in front of a server, in which everything can go wrong that goes wrong on a path. */
export interface Proxy extends AsyncDisposable {
  readonly url: string
  /** How many connections were accepted. */
  readonly dials: number
  /** Ends every connection as a closing peer does (FIN), without a WebSocket close. */
  cut(): void
  /** Ends every connection with RST. */
  reset(): void
  /** Forwards nothing any more, and tells nobody: neither data nor the end of a connection. */
  freeze(direction?: Direction | 'both'): void
  /** Forwards what has been held up, and all that follows. */
  heal(): void
  /** Lets nobody in any more. Connections that there are stay. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Resolves with the next connection that is made. */
  dialed(): Promise<void>
}

export type Direction = 'toServer' | 'toClient'

interface Lane {
  readonly direction: Direction
  readonly from: Socket
  readonly to: Socket
}

export async function startProxy(target: number): Promise<Proxy> {
  const lanes = new Set<Lane>()
  const frozen = new Set<Direction>()
  let dials = 0

  const flow = ({ direction, from, to }: Lane): void => {
    from.unpipe(to)
    if (frozen.has(direction)) from.pause()
    else if (from.destroyed) to.destroy()
    else from.pipe(to)
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    dials++
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    const pair: Lane[] = [
      { direction: 'toServer', from: near, to: far },
      { direction: 'toClient', from: far, to: near },
    ]
    for (const lane of pair) {
      lanes.add(lane)
      lane.from.setNoDelay(true)
      lane.from.on('error', () => {}) // 'close' follows
      lane.from.on('close', () => {
        if (!frozen.has(lane.direction)) lane.to.destroy()
        if (lane.to.destroyed) for (const each of pair) lanes.delete(each)
      })
      flow(lane)
    }
    server.emit('dialed')
  })

  const refuse = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    // Its 'close' waits for the connections, which stay.
    await new Promise(setImmediate)
  }
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}`,
    get dials() {
      return dials
    },
    cut() {
      for (const { from } of lanes) from.destroy()
    },
    reset() {
      for (const { from } of lanes) from.resetAndDestroy()
    },
    freeze(direction = 'both') {
      for (const each of ['toServer', 'toClient'] as const)
        if (direction === 'both' || direction === each) frozen.add(each)
      for (const lane of lanes) flow(lane)
    },
    heal() {
      frozen.clear()
      for (const lane of lanes) flow(lane)
    },
    refuse,
    accept: () => listen(port),
    dialed: async () => void (await once(server, 'dialed')),
    async [Symbol.asyncDispose]() {
      frozen.clear()
      for (const { from, to } of lanes) {
        from.destroy()
        to.destroy()
      }
      await refuse()
    },
  }
}
