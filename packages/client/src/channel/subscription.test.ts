import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WirePosition } from './content.ts'
import { Subscription } from './subscription.ts'

const at = (offset: number, epoch = 'e'): WirePosition => [epoch, offset, offset === 0 ? '' : `p${offset}`]

/** A subscription that is joined at the offset. */
function joinedAt(offset: number): Subscription {
  const subscription = new Subscription()
  subscription.asked(1)
  subscription.joined(1, at(offset), 0)
  return subscription
}

describe('a subscription', () => {
  it('has to be sent first, with the position that it was given', () => {
    expect(new Subscription()).toMatchObject({
      status: 'joining',
      isDue: true,
      isSent: false,
      position: undefined,
    })
    expect(new Subscription(at(3)).position).toEqual(at(3))
  })

  it('takes no answer but that to its last join', () => {
    const subscription = joinedAt(1)
    subscription.asked(2)
    expect(subscription.joined(1, at(9), 0)).toBe(true)
    expect(subscription.gap(1, at(9))).toBeUndefined()
    expect(subscription.gap(undefined, at(9))).toBeUndefined()
    expect(subscription.refused(1, 'forbidden', false, null)).toBe(false)
    expect(subscription.refused(undefined, 'kicked', false, null)).toBe(false)
    expect(subscription.publication(2, 'p2')).toBe('drop')
    expect(subscription.position).toEqual(at(1))
    expect(subscription.isSent).toBe(true)
  })

  it.each([
    ['another epoch', at(1, 'f'), 0],
    ['more than was missed', at(3), 1],
    ['less than was missed', at(3), 3],
    ['a position below', at(0), 0],
  ])('does not believe %s', (_, position, missed) => {
    const subscription = joinedAt(1)
    subscription.asked(2)
    expect(subscription.joined(2, position, missed)).toBe(false)
  })

  it('says of a gap whether there was a position that it could miss something from', () => {
    const fresh = new Subscription()
    fresh.asked(1)
    expect(fresh.gap(1, at(4))).toBe(false)
    expect(fresh.status).toBe('joined')
    expect(fresh.gap(undefined, at(7))).toBe(true)
    expect(fresh.position).toEqual(at(7))
  })

  it('counts what it recovers over joins, until all is there', () => {
    const subscription = joinedAt(0)
    subscription.disconnected()
    subscription.asked(2)
    subscription.joined(2, at(3), 3)
    expect(subscription.publication(1, 'p1')).toBe('deliver')
    expect(subscription.publication(3, 'p3')).toBe('hole')
    subscription.asked(3)
    subscription.joined(3, at(4), 3)
    expect([2, 3, 4, 5].map((offset) => subscription.publication(offset, `p${offset}`))).toEqual([
      'deliver',
      'deliver',
      'last',
      'deliver',
    ])
    expect([subscription.takeRecovered(), subscription.takeRecovered()]).toEqual([4, 0])
  })

  it('recovers nothing by a join that only asks for the members, whatever is published meanwhile', () => {
    const subscription = joinedAt(0)
    subscription.askAnew()
    expect(subscription.isDue).toBe(true)
    subscription.asked(2)
    expect(subscription.publication(1, 'p1')).toBe('drop')
    subscription.joined(2, at(2), 2)
    expect([1, 2, 3].map((offset) => subscription.publication(offset, `p${offset}`))).toEqual([
      'deliver',
      'deliver',
      'deliver',
    ])
    expect(subscription.takeRecovered()).toBe(0)
  })

  it.each([
    ['a broken connection', (subscription: Subscription) => subscription.disconnected()],
    ['a hole', (subscription: Subscription) => void subscription.publication(5, 'p5')],
    ['dropped publications', (subscription: Subscription) => subscription.askAgain()],
  ])('recovers after %s, also when the members are asked for meanwhile', (_, miss) => {
    const subscription = joinedAt(0)
    miss(subscription)
    subscription.askAnew()
    subscription.asked(2)
    subscription.joined(2, at(2), 2)
    subscription.askAnew()
    subscription.asked(3)
    subscription.joined(3, at(2), 2)
    expect([1, 2].map((offset) => subscription.publication(offset, `p${offset}`))).toEqual([
      'deliver',
      'last',
    ])
    expect(subscription.takeRecovered()).toBe(2)
  })

  it('still recovers what was dropped while an answer was under way that brings nothing', () => {
    const subscription = joinedAt(0)
    subscription.askAnew()
    subscription.asked(2)
    subscription.askAgain()
    subscription.joined(2, at(0), 0)
    expect(subscription.isDue).toBe(true)
    subscription.asked(3)
    subscription.joined(3, at(1), 1)
    expect(subscription.publication(1, 'p1')).toBe('last')
  })

  it('has nothing to recover any more after a gap', () => {
    const subscription = joinedAt(0)
    subscription.asked(2)
    subscription.joined(2, at(3), 3)
    subscription.publication(1, 'p1')
    subscription.gap(undefined, at(3))
    expect(subscription.publication(4, 'p4')).toBe('deliver')
    expect(subscription.takeRecovered()).toBe(0)
  })

  it('asks again at once, or after the answer that is under way', () => {
    const subscription = joinedAt(0)
    subscription.askAgain()
    expect(subscription.isDue).toBe(true)
    expect(subscription.publication(1, 'p1')).toBe('drop')
    subscription.asked(2)
    subscription.askAgain()
    expect(subscription.isDue).toBe(false)
    subscription.joined(2, at(0), 0)
    expect(subscription.isDue).toBe(true)
    subscription.asked(3)
    subscription.joined(3, at(0), 0)
    expect(subscription.isDue).toBe(false)
  })

  it('is asked anew on the next connection, unless it was refused to the same identity', () => {
    const subscription = joinedAt(2)
    subscription.connected('ada')
    expect(subscription.isDue).toBe(false)
    subscription.disconnected()
    expect(subscription).toMatchObject({ status: 'joining', isDue: false, isSent: false })
    subscription.connected('ada')
    expect(subscription.isDue).toBe(true)
    subscription.asked(2)
    subscription.connected('ada')
    expect(subscription.isDue).toBe(false)
    expect(subscription.refused(2, 'forbidden', false, 'ada')).toBe(true)
    subscription.disconnected()
    subscription.connected('ada')
    expect(subscription).toMatchObject({ status: 'refused', reason: 'forbidden', isDue: false })
    subscription.connected(null)
    expect(subscription).toMatchObject({ status: 'joining', reason: undefined, isDue: true })
    expect(subscription.position).toEqual(at(2))
  })

  it('that is asked to try later keeps its position, and is due at the retry', () => {
    const subscription = joinedAt(2)
    subscription.asked(2)
    expect(subscription.refused(2, 'unavailable', true, null)).toBe(true)
    expect(subscription).toMatchObject({ status: 'joining', reason: 'unavailable', isDue: false })
    subscription.retry()
    expect(subscription.isDue).toBe(true)
    expect(subscription.position).toEqual(at(2))
  })

  it('that the server has ended drops what still comes', () => {
    const subscription = joinedAt(2)
    expect(subscription.refused(undefined, 'kicked', false, null)).toBe(true)
    expect(subscription.publication(3, 'p3')).toBe('drop')
    expect(subscription.gap(undefined, at(5))).toBeUndefined()
  })
})

type Step = 'publish' | 'lose' | 'cut' | 'trim' | 'again'
const steps: readonly Step[] = ['publish', 'publish', 'publish', 'lose', 'cut', 'trim', 'again']

describe('whatever is lost between a log and a subscription', () => {
  it('every publication is delivered once and in order, or a gap comes first', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 60 }), (script) => {
        const subscription = new Subscription()
        let [head, floor, n] = [0, 0, 0]
        let next = 1
        const answer = (): void => {
          subscription.connected(null)
          while (subscription.isDue) {
            subscription.asked(++n)
            const [, offset] = subscription.position ?? at(head)
            if (!subscription.position) next = head + 1
            if (offset < floor) {
              expect(subscription.gap(n, at(head))).toBe(true)
              next = head + 1
              continue
            }
            expect(subscription.joined(n, at(head), head - offset)).toBe(true)
            for (let missed = offset + 1; missed <= head; missed++) arrive(missed)
          }
        }
        const arrive = (offset: number): void => {
          const verdict = subscription.publication(offset, `p${offset}`)
          if (verdict === 'deliver' || verdict === 'last') expect(offset).toBe(next++)
        }
        for (const step of script) {
          if (step === 'trim') floor = head
          else if (step === 'cut') subscription.disconnected()
          else if (step === 'again') subscription.askAgain()
          else head++
          if (step === 'publish') arrive(head)
          if (step !== 'lose') answer()
        }
        head++
        arrive(head)
        answer()
        expect(next).toBe(head + 1)
        expect(subscription.position).toEqual(at(head))
      }),
    )
  })
})
