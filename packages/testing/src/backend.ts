import type { FakeServerSocket } from './fake-socket.ts'
import type { SimulatedConnection, SimulatedNetwork, SimulatedRequest } from './network.ts'

/** What takes the connections of a network: a process, from its start until it is ended. */
export interface ServerProcess {
  accept(socket: FakeServerSocket, request: SimulatedRequest): void
  /** Ends in good order. */
  close(): Promise<void>
  /** It is killed: nothing of it runs any more. */
  kill(): void
}

/** A server that can be killed and started again. */
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

/** As the operating system does it for a process that is gone: the client hears of it, the process nothing. */
function breakOff(connection: SimulatedConnection): void {
  const { server } = connection
  // Who still dials is refused when the request arrives.
  if (!server) return
  server.onmessage = server.onclose = server.onerror = null
  connection.cut()
}
