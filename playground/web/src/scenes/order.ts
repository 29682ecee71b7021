import { isHoldfastError } from 'holdfast'
import type { ScenesClient } from './types.ts'

/** Sends an order within ten seconds or not at all, and reports which. */
export async function sendOrder(client: ScenesClient, drink: string) {
  try {
    await client.send('order', { drink }, { ttl: 10_000 }).orThrow()
    return 'sent.'
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    return `certainly not sent (${error.message}). You can order again.`
  }
}
