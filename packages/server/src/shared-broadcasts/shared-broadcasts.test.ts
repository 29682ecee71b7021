import type { Ok } from '@holdfast/protocol'
import { settleMicrotasks } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeldBroker } from '../../test/channels/held-broker.ts'
import type { Held } from '../../test/channels/held-broker.ts'
import { come, okOf, pair, park } from '../../test/support/shared-hubs.ts'
import type { Pair, Scene } from '../../test/support/shared-hubs.ts'
import type { FakeClient } from '../../test/support/set-up.ts'
import type { HubOptions, Peer } from '../index.ts'

/** A client that goes on with its session on either hub, and the data of what it has received. */
class Mover {
  readonly got: unknown[] = []
  readonly #hubs: Pair
  readonly #ok: Ok
  readonly #name: string
  #client: FakeClient
  #rx = 0
  #dials = 1

  static async join(
    hubs: Pair,
    scene: Scene,
    name: string,
    token?: string,
    what: object = park,
  ): Promise<Mover> {
    const hi = { ...what, client: name, ...(token !== undefined && { token }) }
    const { ok, ...client } = await scene.join(hi)
    await hubs.pass(50)
    return new Mover(hubs, ok, client, name)
  }

  private constructor(hubs: Pair, ok: Ok, client: FakeClient, name: string) {
    this.#hubs = hubs
    this.#ok = ok
    this.#client = client
    this.#name = name
  }

  get id(): string {
    return this.#ok.session
  }

  /** Comes to a hub, and returns what that answers. */
  async goTo(scene: Scene, hi: object = {}): Promise<Ok> {
    this.#take()
    const how = { client: this.#name, ...hi }
    this.#client = await come(this.#hubs, scene, this.#ok, this.#rx, ++this.#dials, how)
    const ok = okOf(this.#client)
    if (!ok) throw new Error(`no ok, but ${JSON.stringify(this.#client.socket.closedWith)}`)
    this.#take()
    return ok
  }

  cut(): void {
    this.#take()
    this.#client.socket.end(1006)
  }

  /** Everything that has come, acknowledged. */
  async received(): Promise<unknown[]> {
    let before: number
    do {
      before = this.#rx
      await this.#hubs.pass(100)
      this.#take()
      await this.#client.say(['a', this.#rx])
    } while (this.#rx > before)
    return this.got
  }

  #take(): void {
    for (const [seq, , , data] of this.#client.frames() as [number, number, string, unknown][]) {
      if (seq <= this.#rx) continue
      expect(seq).toBe(++this.#rx)
      this.got.push(data)
    }
  }
}

/** Two hubs with a client each, of which the first one may move. */
async function setUpTwo(options: HubOptions = {}) {
  const broker = new HeldBroker()
  const hubs = pair(options, broker)
  const one = await Mover.join(hubs, hubs.a, 'one')
  const two = await Mover.join(hubs, hubs.b, 'two')
  const [peer] = hubs.a.peers as [Peer]
  return { ...hubs, broker, one, two, peer }
}

describe('a broadcast', () => {
  it('reaches the sessions of all hubs, in order with everything else that its hub sends', async () => {
    const { a, b, one, two, peer } = await setUpTwo()
    a.hub.broadcast('m', 1)
    peer.send('m', 'to one')
    a.hub.broadcast('m', 2)
    await settleMicrotasks()
    b.peers[0]!.send('m', 'to two')
    b.hub.broadcast('m', 3)
    expect(await one.received()).toEqual([1, 'to one', 2, 3])
    expect(await two.received()).toEqual([1, 2, 'to two', 3])
    expect(a.hub.stats().channels).toBe(0)
  })

  it('reaches a session that is away, and one that is parked, when it is back', async () => {
    const { a, b, one, two, pass, peer } = await setUpTwo()
    two.cut()
    a.hub.park(peer)
    one.cut()
    await pass()
    for (const n of [1, 2]) a.hub.broadcast('m', n)
    await pass()
    b.hub.broadcast('m', 3)
    await pass()
    await one.goTo(b)
    await two.goTo(b)
    for (const each of [one, two]) expect(await each.received()).toEqual([1, 2, 3])
  })

  it('reaches a session that another hub parked before this one began to listen', async () => {
    const broker = new HeldBroker()
    const hubs = pair({}, broker)
    const { a, b } = hubs
    const one = await Mover.join(hubs, a, 'one')
    a.hub.broadcast('m', 1)
    one.cut()
    a.hub.park(a.peers[0]!)
    await hubs.pass()
    for (const n of [2, 3]) a.hub.broadcast('m', n)
    await hubs.pass()
    await one.goTo(b)
    expect(await one.received()).toEqual([1, 2, 3])
  })

  it('is not for the peers that are excepted, also if they move before other hubs get it', async () => {
    const { a, b, broker, one, two, pass, peer } = await setUpTwo()
    broker.hold(0, 'append')
    a.hub.broadcast('m', 1, { except: peer })
    await one.goTo(b)
    // It is not here any more.
    a.hub.broadcast('m', 2, { except: [peer] })
    broker.release(0, 'append')
    await pass()
    a.hub.broadcast('m', 3)
    expect(await one.received()).toEqual([3])
    expect(await two.received()).toEqual([1, 2, 3])
  })

  it('is not for identities that are excepted, on any hub', async () => {
    const hubs = pair({ authenticate: ({ token }) => ({ identity: token ?? null }) }, new HeldBroker())
    const movers = [
      await Mover.join(hubs, hubs.a, 'one', 'ada'),
      await Mover.join(hubs, hubs.b, 'two', 'ada'),
      await Mover.join(hubs, hubs.b, 'three'),
    ]
    hubs.a.hub.broadcast('m', 1, { exceptIdentities: ['ada'] })
    hubs.a.hub.broadcast('m', 2, { exceptIdentities: [] })
    const got = []
    for (const mover of movers) got.push(await mover.received())
    expect(got).toEqual([[2], [2], [1, 2]])
  })

  it('stays on its hub if it is local, where a function may except peers', async () => {
    const { a, one, two, peer } = await setUpTwo()
    const except = ({ id }: Peer): boolean => id !== peer.id
    a.hub.broadcast('m', 1, { local: true, except })
    expect(() => a.hub.broadcast('m', 2, { except })).toThrow('set local')
    expect(await one.received()).toEqual([1])
    expect(await two.received()).toEqual([])
  })

  it('keeps its order while the broker fails', async () => {
    const { a, broker, one, two, pass } = await setUpTwo()
    broker.failures = 3
    for (const n of [1, 2]) a.hub.broadcast('m', n)
    await pass(300)
    a.hub.broadcast('m', 3)
    await pass(5_000)
    for (const each of [one, two]) expect(await each.received()).toEqual([1, 2, 3])
  })

  it('that the broker does not take for a minute is given up, with a warning', async () => {
    const { a, broker, one, two, pass } = await setUpTwo()
    broker.failures = Infinity
    a.hub.broadcast('m', 1)
    await pass(70_000)
    broker.failures = 0
    a.hub.broadcast('m', 2)
    await pass()
    expect(await one.received()).toEqual([1, 2])
    expect(await two.received()).toEqual([2])
    expect(a.warned).toContainEqual(expect.stringContaining('did not reach the other hubs'))
  })

  it('of a hub that closes reaches the others, also if the broker fails once', async () => {
    const { a, b, broker, one, pass, two } = await setUpTwo()
    broker.failures = 1
    a.hub.broadcast('m', 1)
    const closed = a.hub.close()
    await pass(10_000)
    await closed
    await one.goTo(b)
    for (const each of [one, two]) expect(await each.received()).toEqual([1])
  })

  it.each<[string, object, string]>([
    ['an identity that is a number', { exceptIdentities: [1] }, 'exceptIdentities'],
    ['identities that are none', { exceptIdentities: 'ada' }, 'exceptIdentities'],
    ['a ttl that is none', { ttl: -1 }, 'ttl'],
  ])('with %s is misuse', async (_, how, message) => {
    const { a } = await setUpTwo()
    expect(() => a.hub.broadcast('m', 1, how)).toThrow(message)
  })
})

describe('a session that moves', () => {
  it('gets a broadcast once that its former hub has sent it and the broker has not taken yet', async () => {
    const { a, b, broker, one, two, pass } = await setUpTwo()
    broker.hold(0, 'append')
    a.hub.broadcast('m', 1)
    await one.goTo(b)
    broker.release(0, 'append')
    await pass()
    for (const each of [one, two]) expect(await each.received()).toEqual([1])
  })

  it('gets a broadcast once that it has, and that has not come to its new hub yet', async () => {
    const { a, b, broker, one, two, pass } = await setUpTwo()
    broker.hold(1, 'deliver')
    for (const n of [1, 2]) a.hub.broadcast('m', n)
    await pass()
    await one.goTo(b)
    broker.release(1, 'deliver')
    a.hub.broadcast('m', 3)
    await pass()
    for (const each of [one, two]) expect(await each.received()).toEqual([1, 2, 3])
  })

  it('gets the broadcast of its new hub that was made before it came, and is not in the log yet', async () => {
    const { b, broker, one, two, pass } = await setUpTwo()
    broker.hold(1, 'append')
    b.hub.broadcast('m', 1)
    await one.goTo(b)
    b.hub.broadcast('m', 2)
    broker.release(1, 'append')
    await pass()
    expect(await one.received()).toEqual([1, 2])
    expect(await two.received()).toEqual([1, 2])
  })

  it('gets what other hubs broadcast while its hub drains, if its client stays until the end', async () => {
    const broker = new HeldBroker()
    const hubs = pair({}, broker)
    const { a, b, pass } = hubs
    const one = await Mover.join(hubs, a, 'one', undefined, {})
    await Mover.join(hubs, b, 'two')
    a.hub.broadcast('m', 1)
    const closed = a.hub.close({ drain: 5_000 })
    await pass()
    for (const n of [2, 3]) {
      b.hub.broadcast('m', n)
      await pass(500)
    }
    await pass(10_000)
    await closed
    await one.goTo(b)
    expect(await one.received()).toEqual([1, 2, 3])
  })

  it('ends as overflow if it has missed more than is kept', async () => {
    const { b, one, pass, a, peer } = await setUpTwo({ limits: { maxBufferedMessages: 3 } })
    one.cut()
    a.hub.park(peer)
    await pass()
    for (let n = 1; n <= 6; n++) {
      b.hub.broadcast('m', n)
      await pass(50)
    }
    // It has to read the log before it knows.
    await one.goTo(b)
    expect((await one.goTo(b)).lost).toMatchObject({ why: 'overflow' })
  })
})

interface Step {
  readonly do: 'broadcast' | 'move' | 'park' | 'cut' | 'pass' | Held
  readonly hub: 0 | 1
}

it('every broadcast reaches every session once, and in the order of its hub, wherever they are', async () => {
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom('broadcast', 'broadcast', 'move', 'park', 'cut', 'pass', 'append', 'deliver'),
    hub: fc.constantFrom(0, 1),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const hubs = await setUpTwo()
      const { a, b, broker, one, two, pass } = hubs
      const scenes = [a, b] as const
      const sent: number[][] = [[], []]
      const held = new Set<string>()
      const toggle = (hub: number, what: Held): void => {
        const name = `${hub} ${what}`
        if (held.delete(name)) return broker.release(hub, what)
        held.add(name)
        broker.hold(hub, what)
      }
      for (const each of steps) {
        const scene = scenes[each.hub]
        switch (each.do) {
          case 'broadcast':
            sent[each.hub]!.push(sent[each.hub]!.length)
            scene.hub.broadcast('m', [each.hub, sent[each.hub]!.length - 1])
            break
          case 'move':
            await one.goTo(scene)
            break
          case 'park': {
            const peer = scene.hub.peers.get(one.id)
            if (peer) scene.hub.park(peer)
            await pass(100)
            break
          }
          case 'cut':
            one.cut()
            await settleMicrotasks()
            break
          case 'pass':
            await pass(100)
            break
          case 'append':
          case 'deliver':
            toggle(each.hub, each.do)
        }
      }
      for (const hub of [0, 1]) for (const what of ['append', 'deliver'] as const) broker.release(hub, what)
      await pass(10_000)
      expect((await one.goTo(a)).lost).toBeUndefined()
      for (const mover of [one, two]) {
        const got = (await mover.received()) as [number, number][]
        for (const hub of [0, 1])
          expect(got.filter(([from]) => from === hub).map(([, n]) => n)).toEqual(sent[hub])
      }
    }),
  )
})
