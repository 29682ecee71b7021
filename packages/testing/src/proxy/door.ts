import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { HoldfastError } from '@holdfast/protocol'

/** A port of 127.0.0.1 that can be shut, and opened again. */
export interface Door {
  /** Accepts connections, and resolves to the port, which is the same each time. */
  open(): Promise<number>
  /** Refuses connections from now on. Existing connections stay open. */
  shut(): void
  /** Closes the port permanently. */
  close(): Promise<void>
}

/**
 * The first port to try. From 32768 on the system assigns ports to any process that asks for one, so it could assign
 * a port while it is shut here.
 */
const lowestPort = 20_000
const highestPort = 32_000
const maxTries = 100

export function createDoor(onConnection: (socket: Socket) => void): Door {
  const server = createServer({ allowHalfOpen: true }, onConnection)
  let port: number | undefined
  let isWanted = false
  let isClosed = false
  let opening: Promise<number> | undefined

  const listen = async (on: number): Promise<number> => {
    server.listen(on, '127.0.0.1')
    await once(server, 'listening')
    return on
  }
  const listenAnywhere = async (): Promise<number> => {
    for (let tries = 1; ; tries++) {
      try {
        return await listen(randomInt(lowestPort, highestPort))
      } catch (error) {
        const { code } = error as { readonly code?: string }
        if (tries === maxTries || (code !== 'EADDRINUSE' && code !== 'EACCES')) throw error
      }
    }
  }
  const openUp = async (): Promise<number> => {
    try {
      if (port === undefined) port = await listenAnywhere()
      else if (!server.listening) await listen(port)
      if (!isWanted) server.close()
      return port
    } finally {
      opening = undefined
    }
  }
  const shut = (): void => {
    isWanted = false
    // A pending `open()` shuts it.
    if (!opening) server.close()
  }

  return {
    async open() {
      if (isClosed) throw new HoldfastError('disposed', 'the proxy was closed')
      isWanted = true
      return (opening ??= openUp())
    },
    shut,
    async close() {
      isClosed = true
      await opening?.catch(() => {})
      shut()
    },
  }
}
