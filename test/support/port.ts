import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A free port of 127.0.0.1, for a server that stops and starts again.
 *
 * It is below those that the system assigns on request (from 32768 on), so it is not assigned to another process in between.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  for (let tries = 1; ; tries++) {
    const port = randomInt(20_000, 32_000)
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      server.close()
      return port
    } catch (error) {
      if (tries === 100 || (error as { readonly code?: string }).code !== 'EADDRINUSE') throw error
    }
  }
}
