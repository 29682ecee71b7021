import type { Client } from 'holdfast'
import { expect, it } from 'vitest'
import { createSubscription } from './subscription.ts'

it('a handler that is async and rejects is left to the client, as one that throws is', async () => {
  let listener: ((data: unknown) => unknown) | undefined
  const client = {
    on(_: string, handler: (data: unknown) => unknown) {
      listener = handler
      return () => {}
    },
  } as unknown as Client
  const subscription = createSubscription()
  const error = new Error('later')
  subscription.aim({ client, name: 'x', handler: () => Promise.reject(error) })
  subscription.start()
  await expect(listener!(1)).rejects.toBe(error)
})
