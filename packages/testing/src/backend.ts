import type { FakeServerSocket } from './fake-socket.ts'
import type { SimulatedConnection, SimulatedNetwork, SimulatedRequest } from './network.ts'

/** A server process, from its start to its end, which accepts the connections of a network. */
export interface ServerProcess {
  accept(socket: FakeServerSocket, request: SimulatedRequest): void
  /** Shuts down in order. */
  close(): Promise<void>
  /** Kills the process: none of its code runs any more. */
  kill(): void
}

/** A server that can be killed and restarted. */
export interface Backend {
  stop(): void
  start(): void
  close(): Promise<void>
}

/** Runs one process at a time, on every host of the network. */
export function createBackend(network: SimulatedNetwork, launch: () => ServerProcess): Backend {
  let running: ServerProcess | undefined
  let stopListening: (() => void) | undefined

  const backend: Backend = {
    start() {
      if (running) return
      const process = launch()
      running = process
      stopListening = network.listen('*', process.accept)
    },
    stop() {
      stopListening?.()
      running?.kill()
      running = undefined
      for (const connection of [...network.connections]) breakOff(connection)
    },
    async close() {
      stopListening?.()
      await running?.close()
    },
  }
  backend.start()
  return backend
}

/**
 * Closes a connection as the operating system does for a process that is gone: the client is notified, the process is
 * not.
 */
function breakOff(connection: SimulatedConnection): void {
  const { server } = connection
  // Pending dials are refused when their request arrives.
  if (!server) return
  server.onmessage = server.onclose = server.onerror = null
  connection.cut()
}
