import { describe, expect, it } from 'vitest'
import { runClients } from './clients.ts'
import type { Setting } from './clients.ts'
import { stretchPeer, tuneOurs } from './equal-peak.ts'
import { runPolicy } from './model.ts'
import { defaultTuning, ours, peers, stretched } from './policies.ts'
import { defaultStorm } from './server.ts'
import type { Storm } from './server.ts'
import { isSoak } from '../support/property-runs.ts'

/** A fiftieth part of the storm in the documents. */
const small: Storm = { ...defaultStorm, clients: 200, rate: 10, burst: 2, patience: 300_000 }
/** A twentieth part, for figures that a smaller crowd leaves to chance. */
const storm: Storm = { ...defaultStorm, clients: 500, rate: 25, burst: 5, patience: 300_000 }
const plain: Setting = { name: '', wire: 'plain', server: 'door', fate: 'refuse', death: 'cut' }
const hinted: Setting = { name: '', wire: 'session', server: 'hub', fate: 'hint', death: 'cut' }

// They compute for seconds, and share the machine with others.
const patient = { timeout: 60_000 }

describe('a storm of clients', patient, () => {
  it.each<[string, Setting]>([
    ['dials are refused', plain],
    ['they are closed with 1013', { ...plain, fate: 'close' }],
    ['a hub tells them when to come', hinted],
    ['a hub has told them before it went', { ...hinted, death: 'drain' }],
    ['a server has the admission of the hub and nothing else', { ...hinted, server: 'door' }],
  ])('is over after a while, and no more are let in than may be: %s', async (_, setting) => {
    const { never, all, mostAdmitted, attempts } = await runClients(small, setting)
    expect(never).toBe(0)
    // At least what it takes to let them in, at most one more wait of the longest kind for each round.
    expect(all).toBeGreaterThan(30_000 + (small.clients / small.rate - 1) * 1_000)
    expect(all).toBeLessThan(100_000)
    expect(mostAdmitted).toBeLessThanOrEqual(small.rate + small.burst)
    expect(attempts).toBeLessThan(10 * small.clients)
  })

  it('is the same for the same seed, and another one for another', async () => {
    const [first, second] = [await runClients(small, plain), await runClients(small, plain)]
    expect(second).toEqual(first)
    expect((await runClients({ ...small, seed: 2 }, plain)).buckets).not.toEqual(first.buckets)
  })

  it('stays under 3 % of the clients per 100 ms, when the server says when to come', async () => {
    const crowd: Storm = { ...storm, clients: 600, rate: 30, burst: 3 }
    expect((await runClients(crowd, hinted)).peakAfter).toBeLessThan(0.03 * crowd.clients)
  })

  // A crowd in which chance counts little takes seconds to compute.
  it.runIf(isSoak)(
    'stays under 2 % of 3,000 clients per 100 ms, when the server says when to come',
    async () => {
      const larger: Storm = { ...storm, clients: 3_000, rate: 150, burst: 15 }
      const planned = await runClients(larger, { ...hinted, death: 'drain' })
      expect(planned.peak).toBeLessThan(0.02 * larger.clients)
      const smaller: Storm = { ...storm, clients: 1_000, rate: 50 }
      const killed = await runClients(smaller, hinted)
      expect(killed.peakAfter).toBeLessThan(0.02 * smaller.clients)
    },
  )

  it('is no herd when the server dies again and again, two seconds after it was back', async () => {
    const crashes = { count: 5, uptime: 2_000, outage: 2_000 }
    const { never, peakAfter, attempts } = await runClients(small, { ...plain, crashes })
    expect(never).toBe(0)
    expect(peakAfter).toBeLessThan(0.1 * small.clients)
    expect(attempts).toBeLessThan(15 * small.clients)
  })

  it('is over sooner when the server says when to come', async () => {
    const crowded: Storm = { ...storm, rate: 5 }
    const told = await runClients(crowded, hinted)
    const untold = await runClients(crowded, plain)
    expect(told.attempts).toBeLessThan(untold.attempts)
    expect(told.all).toBeLessThan(untold.all)
    // Nothing is faster than to let them in one after the other.
    expect(told.all).toBeLessThan(30_000 + 1.1 * 100_000)
  })
})

describe('the model of a storm', patient, () => {
  it('says of our policy what the clients do', async () => {
    const larger: Storm = { ...storm, clients: 1_000, rate: 50 }
    const real = await runClients(larger, plain)
    const model = runPolicy(larger, ours(), 'refuse')
    const apart = (a: number, b: number): number => Math.abs(a - b) / b
    expect(apart(model.attempts, real.attempts)).toBeLessThan(0.03)
    expect(apart(model.peak, real.peak)).toBeLessThan(0.2)
    expect(apart(model.half, real.half)).toBeLessThan(0.03)
    expect(apart(model.most, real.most)).toBeLessThan(0.15)
  })

  it('counts those who give up, and the herd of those who wait alike', () => {
    const run = (name: string) => {
      const peer = peers.find((policy) => policy.name.startsWith(name))!
      return runPolicy(storm, peer, 'refuse')
    }
    expect(run('SignalR')).toMatchObject({ attempts: 4 * 500, all: Infinity })
    expect(run('SignalR').never).toBeGreaterThan(400)
    expect(run('sockette').peak).toBeGreaterThan(200)
    expect(run('sockette').never).toBe(0)
  })

  it('finds windows of ours that reach the peaks of another, and have 99 % back sooner', () => {
    const larger: Storm = { ...storm, clients: 2_000, rate: 100, burst: 10 }
    const peer = peers.find(({ name }) => name.startsWith('reconnecting-websocket'))!
    const its = runPolicy(larger, peer, 'refuse')
    const mine = runPolicy(larger, ours(tuneOurs(larger, its)), 'refuse')
    expect(mine.peak).toBeLessThanOrEqual(its.peak * 1.02)
    expect(mine.peakAfter).toBeLessThanOrEqual(its.peakAfter * 1.02)
    expect(mine.most).toBeLessThan(its.most)
  })

  it('finds how far another has to be stretched, unless nothing helps', () => {
    const peaks = runPolicy(storm, ours(defaultTuning), 'refuse')
    const named = (name: string) => peers.find((policy) => policy.name.startsWith(name))!
    const factor = stretchPeer(storm, named('reconnecting'), peaks)!
    const its = runPolicy(storm, stretched(named('reconnecting'), factor), 'refuse')
    expect(factor).toBeGreaterThan(1.2)
    expect(its.peakAfter).toBeLessThanOrEqual(peaks.peakAfter * 1.02)
    expect(stretchPeer(storm, named('partysocket'), peaks)).toBeUndefined()
  })
})
