import { closeHint } from '@holdfast/protocol'
import type { DelayRange } from '@holdfast/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { createAdmission } from './admission.ts'
import { createHub, isHoldfastError } from './index.ts'
import type { HubLimits } from './index.ts'

const middle = ([min, max]: DelayRange): number => (min + max) / 2

describe('admission', () => {
  it('lets in as many at once as it may, and in the long run as many a second', () => {
    const { ask } = createAdmission(100, 20)
    const admitted: number[] = []
    for (let now = 0; now < 10_000; now++) if (!ask(now)) admitted.push(now)
    expect(admitted.filter((at) => at === 0)).toHaveLength(1)
    expect(admitted.filter((at) => at < 1_000)).toHaveLength(120 - 1)
    expect(admitted.filter((at) => at >= 1_000)).toHaveLength(900)
    expect(Array.from({ length: 30 }, () => ask(60_000)).filter((hint) => !hint)).toHaveLength(20)
  })

  it('promises everybody that it turns away a moment of its own, as far apart as it can let in', () => {
    const { ask } = createAdmission(500, 1)
    expect(ask(5_000)).toBeUndefined()
    const middles = Array.from({ length: 10_000 }, () => middle(ask(5_000)!))
    expect(middles[0]).toBeCloseTo(1_002, 0)
    expect(middles[4_999]).toBeCloseTo(11_000, 0)
    expect(middles[9_999]).toBeCloseTo(21_000, 0)
  })

  it('begins the promises anew when the moments of the old ones are over', () => {
    const { ask } = createAdmission(10, 1)
    for (let client = 0; client < 50; client++) ask(0)
    expect(middle(ask(0)!)).toBeCloseTo(6_000, 0)
    expect(ask(20_000)).toBeUndefined()
    expect(middle(ask(20_000)!)).toBeCloseTo(1_100, 0)
  })

  it('has everybody in after about one more dial each, in little more time than that takes at least', () => {
    const clients = 2_000
    const { ask } = createAdmission(100, 10)
    const due = Array.from({ length: clients }, (_, client) => client % 500)
    let dials = 0
    let last = 0
    for (let random = 0.5; due.length > 0; random = (random + 0.618) % 1) {
      due.sort((a, b) => b - a)
      last = due.pop()!
      dials++
      const hint = ask(last)
      if (hint) due.push(last + hint[0] + random * (hint[1] - hint[0]))
    }
    expect(dials).toBeLessThan(2.3 * clients)
    expect(last).toBeLessThan(1.1 * 20_000 + 1_000)
  })

  it('promises nobody more than five minutes, and is as before when those have gone who ask too often', () => {
    const { ask } = createAdmission(10, 1)
    for (let ms = 0; ms <= 60_000; ms++) ask(ms)
    expect(ask(60_000)).toEqual([294_000, 306_000])
    expect(ask(361_000)).toBeUndefined()
    expect(middle(ask(361_000)!)).toBeLessThan(1_200)
  })

  it('gives hints that clients understand, whatever the numbers', () => {
    const rate = fc.double({ min: 0.001, max: 1e6, noNaN: true })
    const burst = fc.double({ min: 1, max: 100, noNaN: true })
    const pauses = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { maxLength: 50 })
    fc.assert(
      fc.property(rate, burst, pauses, (perSecond, atOnce, times) => {
        const { ask } = createAdmission(perSecond, atOnce)
        let now = -1_000
        expect(ask(now)).toBeUndefined()
        for (const pause of times) {
          const after = ask((now += pause))
          if (!after) continue
          expect(closeHint(JSON.stringify({ after }))).toEqual(after)
          expect(after[0]).toBeGreaterThan(900)
          expect(after[1]).toBeLessThan(310_000)
        }
      }),
    )
  })
})

describe('a hub with an admission rate', () => {
  it('closes who comes too soon with a moment to come again, and takes it then', async () => {
    const { clock, dial, heard, hub } = setUp({ limits: { admissionRate: 10, admissionBurst: 2 } })
    await dial().greet({ client: 'a' })
    await dial().greet({ client: 'b' })
    const early = [dial(), dial()].map(({ socket }) => socket.closedWith!)
    expect(early.map(({ code }) => code)).toEqual([1013, 1013])
    expect(early.map(({ reason }) => closeHint(reason))).toEqual([
      [1_078, 1_122],
      [1_176, 1_224],
    ])
    expect(heard.at(-1)).toEqual(['refused', { code: 1013, why: 'too many connections at once' }])
    expect(hub.stats()).toMatchObject({ accepted: 2, refused: 2 })
    await clock.advance(1_078)
    await dial().greet({ client: 'c' })
    expect(hub.stats()).toMatchObject({ accepted: 3, sessions: 3 })
  })

  it('counts nobody who is turned away for another reason', () => {
    const { dial } = setUp({ limits: { admissionRate: 1, maxConnectionsPerAddress: 1 } })
    const socket = { remoteAddress: '203.0.113.1' }
    const limited = setUp({ limits: { admissionRate: 2, admissionBurst: 2, maxConnectionsPerAddress: 1 } })
    expect(limited.dial({ socket }).socket.closedWith).toBeUndefined()
    expect(limited.dial({ socket }).socket.closedWith?.code).toBe(4429)
    expect(limited.dial().socket.closedWith).toBeUndefined()
    expect(limited.dial().socket.closedWith?.code).toBe(1013)
    expect(dial({ headers: { origin: 'https://example.com', host: 'other' } }).socket.closedWith?.code).toBe(
      4403,
    )
    expect(dial().socket.closedWith).toBeUndefined()
  })

  it('lets in at once what comes in a second, unless it is told otherwise', () => {
    const { dial } = setUp({ limits: { admissionRate: 3 } })
    const codes = Array.from({ length: 4 }, () => dial().socket.closedWith?.code)
    expect(codes).toEqual([undefined, undefined, undefined, 1013])
    const slow = setUp({ limits: { admissionRate: 0.1 } })
    expect(slow.dial().socket.closedWith).toBeUndefined()
    expect(slow.dial().socket.closedWith?.code).toBe(1013)
  })

  it('is not there by default', () => {
    const { dial, hub } = setUp()
    for (let client = 0; client < 5_000; client++) dial()
    expect(hub.stats()).toMatchObject({ accepted: 5_000, refused: 0 })
  })

  it.each<[string, HubLimits]>([
    ['admissionRate', { admissionRate: 0 }],
    ['admissionRate', { admissionRate: NaN }],
    ['admissionBurst', { admissionRate: 10, admissionBurst: 0.5 }],
    ['admissionBurst', { admissionBurst: 'many' as never }],
  ])('refuses an %s that makes no sense: %o', (name, limits) => {
    let error: unknown
    try {
      createHub({ limits })
    } catch (thrown) {
      error = thrown
    }
    expect(isHoldfastError(error) && [error.code, error.message.split(' ')[0]]).toEqual(['misuse', name])
  })
})
