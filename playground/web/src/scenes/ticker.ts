import type { Market, ScenesClient } from './types.ts'

/** Sends prices. Without a connection, only the latest of each symbol waits. */
export function sendPrices(client: ScenesClient, market: Market): () => void {
  const timer = setInterval(() => {
    for (const quote of market.next()) {
      const delivery = client.send('price', quote, { key: quote.symbol })
      void delivery.then(market.settled)
    }
  }, 100)
  return () => clearInterval(timer)
}
