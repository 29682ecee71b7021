import fc from 'fast-check'
import { expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import type { Delivery } from './delivery.ts'
import { setUpOutbox } from '../test/support/outbox.ts'

it('an outbox keeps every promise whatever is done to it in whatever order', () => {
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('push' as const),
        size: fc.integer({ min: 1, max: 60 }),
        key: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
        volatile: fc.boolean(),
        ttl: fc.option(fc.nat(300), { nil: undefined }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('up' as const, 'down' as const, 'flush' as const) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'throw' as const,
          'time' as const,
          'full' as const,
          'cancel' as const,
          'discard' as const,
          'turn' as const,
        ),
      }),
    },
  )
  const policy = fc.constantFrom('reject' as const, 'drop-oldest' as const)
  const batch = fc.constantFrom(undefined, 70, 1_000)
  return fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 60 }),
      policy,
      batch,
      async (actions, overflow, batchBytes) => {
        const { clock, link, outbox, push, settled } = setUpOutbox(
          { maxMessages: 5, maxBytes: 100, overflow },
          batchBytes,
        )
        const deliveries: Delivery[] = []
        for (const [index, item] of actions.entries()) {
          switch (item.do) {
            case 'push': {
              const { key, ttl, volatile } = item
              deliveries.push(
                push(String(index).padEnd(item.size, '.'), {
                  ...(key && { key }),
                  ...(ttl !== undefined && { ttl }),
                  volatile,
                }),
              )
              break
            }
            case 'up':
              link.writable = true
              link.buffered = 0
              outbox.flush()
              break
            case 'down':
              link.writable = false
              break
            case 'flush':
              outbox.flush()
              break
            case 'throw':
              link.throws = 1
              break
            case 'time':
              await clock.advance(100)
              break
            case 'full':
              link.buffered = 2_000_000
              break
            case 'cancel':
              deliveries.at(-1)?.cancel()
              break
            case 'discard':
              outbox.discard('closed')
              break
            case 'turn':
              await settleMicrotasks()
          }
          expect(outbox.size).toBeLessThanOrEqual(5)
          expect(outbox.bytes).toBeLessThanOrEqual(100)
        }
        outbox.discard('disposed')
        expect(deliveries.every((delivery) => delivery.outcome)).toBe(true)
        expect(settled).toHaveLength(deliveries.length)
        const written = settled.filter(([, what]) => what === 'sent').map(([text]) => text)
        expect(link.written).toEqual(written)
        const order = link.written.map((text) => parseInt(text))
        expect(order).toEqual([...order].sort((a, b) => a - b))
        await clock.advance(1_000)
        expect(clock.pending).toBe(0)
      },
    ),
  )
})
