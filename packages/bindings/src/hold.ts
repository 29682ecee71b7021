import type { Client } from 'holdfast'

// Declared here, so that neither the types of the DOM nor those of Node are needed.
declare const setTimeout: (callback: () => void, delay: number) => unknown
declare const clearTimeout: (timer: unknown) => void

/** How long a connection outlives the last provider that held it, in milliseconds. */
const lingerTimeout = 1_000

interface Hold {
  count: number
  timer: unknown
}

const holds = /* @__PURE__ */ new WeakMap<Client, Hold>()

/**
 * Connects a client, and keeps it connected until the returned function was called as often as this one, and 1 s
 * longer.
 *
 * A call within that second finds the connection unchanged: StrictMode, hot reload and a change of routes undo an
 * effect only to run it again.
 */
export function hold(client: Client): () => void {
  void client.connect()
  const held = holds.get(client) ?? { count: 0, timer: undefined }
  holds.set(client, held)
  held.count++
  clearTimeout(held.timer)
  return () => {
    if (--held.count === 0) held.timer = setTimeout(() => void client.disconnect(), lingerTimeout)
  }
}
