import { describe, expect, it, vi } from 'vitest'
import { createDelivery } from '../test/support/delivery.ts'
import type { Outcome } from './outcome.ts'

const delivered: Outcome = { status: 'delivered' }
const expired: Outcome = { status: 'undelivered', reason: 'expired' }
const unknown: Outcome = { status: 'unknown', reason: 'session-lost' }

describe('a delivery', () => {
  it('can be awaited before and after it is settled', async () => {
    const { delivery, settle } = createDelivery(() => false)
    const early = Promise.resolve(delivery)
    expect(delivery.outcome).toBeUndefined()
    settle(delivered)
    expect(delivery.outcome).toEqual(delivered)
    expect(await early).toEqual(delivered)
    expect(await delivery).toEqual(delivered)
    expect(await createSettled(expired)).toEqual(expired)
  })

  it('keeps its first outcome', async () => {
    const { delivery, settle } = createDelivery(() => false)
    settle(expired)
    settle(delivered)
    expect(delivery.outcome).toEqual(expired)
    expect(await delivery).toEqual(expired)
  })

  it('throws on demand, unless the message arrived', async () => {
    await expect(createSettled(delivered).orThrow()).resolves.toEqual(delivered)
    await expect(createSettled(expired).orThrow()).rejects.toMatchObject({
      code: 'undelivered',
      message: 'message expired',
      outcome: expired,
    })
    await expect(createSettled(unknown).orThrow()).rejects.toMatchObject({
      code: 'unknown',
      outcome: unknown,
    })
  })

  it('counts as waited for by whoever waits for its outcome, and not by whoever only watches', async () => {
    const { delivery, settle } = createDelivery(() => false)
    const heard: Outcome[] = []
    delivery.whenSettled((outcome) => heard.push(outcome))
    expect(delivery.waits).toBe(0)
    const waiting = [Promise.resolve(delivery), delivery.then(), delivery.orThrow()]
    await Promise.resolve()
    expect(delivery.waits).toBe(3)
    settle(delivered)
    await Promise.all(waiting)
    expect([heard, delivery.waits]).toEqual([[delivered], 3])
  })

  it('says whether the message could be taken back', () => {
    const take = vi.fn(() => true)
    expect(createDelivery(take).delivery.cancel()).toBe(true)
    expect(take).toHaveBeenCalledOnce()
  })
})

function createSettled(outcome: Outcome) {
  const { delivery, settle } = createDelivery(() => false)
  settle(outcome)
  return delivery
}
