import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Handles the bytes of one connection and direction: called with each chunk, it forwards as it decides. */
export type Lane = (chunk: Buffer, path: Path) => void | Promise<void>

export interface Path {
  pass(chunk: Buffer): void
  /** Ends the connection with RST, at both ends. */
  cut(): void
}

/** A TCP relay in front of a server, through which only the data passes that its directions forward. */
export interface Relay extends AsyncDisposable {
  readonly url: string
}

/** The functions are called for each direction of a connection; without one, everything passes. */
export async function startRelay(
  target: number,
  lanes: { readonly toServer?: () => Lane; readonly toClient?: () => Lane },
): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ port: target, host: '127.0.0.1' })
    const cut = (): void => {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    const flow = async (from: Socket, to: Socket, lane: Lane): Promise<void> => {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {}) // 'close' follows
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      const path: Path = { pass: (chunk) => void (to.writable && to.write(chunk)), cut }
      try {
        for await (const chunk of from) await lane(chunk as Buffer, path)
      } catch {
        // It is cut.
      }
    }
    const open: Lane = (chunk, { pass }) => pass(chunk)
    void flow(near, far, lanes.toServer?.() ?? open)
    void flow(far, near, lanes.toClient?.() ?? open)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
