// Every time in which a hub and the store do not know the same of a session, and what may happen meanwhile.
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import type { Ok } from '@holdfast/protocol'
import { memory } from '../index.ts'
import type { Broker, SessionStoreNode, Taken } from '../index.ts'
import { come, okOf, pair, park } from '../../test/support/shared-hubs.ts'
import type { Pair, Scene } from '../../test/support/shared-hubs.ts'
import type { FakeClient } from '../../test/support/set-up.ts'

/** How long a hub may take to make a session known, in milliseconds. */
const beginTimeout = 10_000

type Call = 'begin' | 'take' | 'park' | 'giveBack' | 'end'

/** A store over a network: its calls can be held before they are executed or before they are answered, and its hubs can die. */
class Network implements Broker {
  readonly #store = memory()
  readonly #nodes: SessionStoreNode[] = []
  readonly #dead = new Set<number>()
  readonly #gates = new Map<string, { readonly when: Moment; readonly opened: Promise<void> }>()
  /** The store has lost everything, and the hubs have not said again what they have. */
  hasForgotten = false

  open: Broker['open'] = (listener) => this.#store.open(listener)

  openSessions: Required<Broker>['openSessions'] = (listener) => {
    const node = this.#store.openSessions!(listener)
    const at = this.#nodes.push(node) - 1
    return {
      name: node.name,
      isLasting: true,
      begin: (...args) => this.#call(at, 'begin', () => node.begin(...args)),
      take: (...args) => this.#call(at, 'take', async () => this.#answer(await node.take(...args))),
      park: (...args) => this.#call(at, 'park', () => node.park(...args)),
      end: (...args) => this.#call(at, 'end', () => node.end(...args)),
      giveBack: (...args) => this.#call(at, 'giveBack', () => node.giveBack(...args)),
      post: (...args) => node.post(...args),
      readMailbox: (...args) => node.readMailbox(...args),
      abort: (...args) => node.abort(...args),
      interrupt: (...args) => node.interrupt(...args),
      close: () => node.close(),
    }
  }

  /** Holds the calls of a hub. Returns what lets them go on. */
  hold(at: number, call: Call, when: Moment): () => void {
    let open: (() => void) | undefined
    const opened = new Promise<void>((resolve) => (open = resolve))
    this.#gates.set(`${at} ${call}`, { when, opened })
    return () => {
      this.#gates.delete(`${at} ${call}`)
      open!()
    }
  }

  /** The process of a hub has died, and its lease has ended. */
  async kill(at: number): Promise<void> {
    this.#dead.add(at)
    await this.#nodes[at]!.close()
  }

  async #call<T>(at: number, call: Call, run: () => Promise<T>): Promise<T> {
    const gate = this.#gates.get(`${at} ${call}`)
    if (gate?.when === 'before') await gate.opened
    await this.#diedWith(at)
    const answer = await run()
    if (gate?.when === 'after') await gate.opened
    await this.#diedWith(at)
    return answer
  }

  /** A process that is dead makes no calls, and hears no answers. */
  async #diedWith(at: number): Promise<void> {
    if (this.#dead.has(at)) await new Promise<never>(() => {})
  }

  #answer(taken: Taken): Taken {
    if (this.hasForgotten) return { status: 'missing', beginTimeout, hasForgotten: true }
    return taken.status === 'unknown' ? { status: 'missing', beginTimeout, hasForgotten: false } : taken
  }
}

type Moment = 'before' | 'after'

interface Window {
  /** The hub whose call is held. */
  readonly hub: Scene
  /** The other one. */
  readonly other: Scene
  /** The session. */
  readonly ok: Ok
  /** What the client is connected by. */
  readonly client: FakeClient
  open(): void
  kill(): Promise<void>
}

/** A client at the first hub that has sent a message, and was sent one. */
async function start({ a }: Pair): Promise<FakeClient & { readonly ok: Ok }> {
  const client = await a.join(park)
  await client.say([1, 0, 'y', 1])
  a.peers[0]!.send('x', 1)
  await settleMicrotasks()
  return client
}

async function parked(hubs: Pair): Promise<Ok> {
  const client = await start(hubs)
  hubs.a.hub.park(hubs.a.peers[0]!)
  client.socket.end(1000)
  await hubs.pass(50)
  return client.ok
}

const windows: Readonly<Record<string, (hubs: Pair, network: Network, when: Moment) => Promise<Window>>> = {
  async begin(hubs, network, when) {
    const open = network.hold(0, 'begin', when)
    const client = await start(hubs)
    return { hub: hubs.a, other: hubs.b, ok: client.ok, client, open, kill: () => network.kill(0) }
  },
  async take(hubs, network, when) {
    const ok = await parked(hubs)
    const open = network.hold(1, 'take', when)
    const client = await come(hubs, hubs.b, ok, 0, 2)
    return { hub: hubs.b, other: hubs.a, ok, client, open, kill: () => network.kill(1) }
  },
  async park(hubs, network, when) {
    const open = network.hold(0, 'park', when)
    const client = await start(hubs)
    hubs.a.hub.park(hubs.a.peers[0]!)
    client.socket.end(1000)
    await hubs.pass(50)
    return { hub: hubs.a, other: hubs.b, ok: client.ok, client, open, kill: () => network.kill(0) }
  },
  async return(hubs, network, when) {
    const ok = await parked(hubs)
    const answer = network.hold(1, 'take', 'after')
    const client = await come(hubs, hubs.b, ok, 0, 2)
    client.socket.end()
    const open = network.hold(1, 'giveBack', when)
    answer()
    await hubs.pass(50)
    return { hub: hubs.b, other: hubs.a, ok, client, open, kill: () => network.kill(1) }
  },
  async end(hubs, network, when) {
    const open = network.hold(0, 'end', when)
    const client = await start(hubs)
    hubs.a.peers[0]!.close()
    client.socket.end()
    await hubs.pass(50)
    return { hub: hubs.a, other: hubs.b, ok: client.ok, client, open, kill: () => network.kill(0) }
  },
  /** The hub says again what it has some time after the store was emptied. */
  async assert(hubs, network) {
    const client = await start(hubs)
    // The session is not a new one.
    await hubs.pass(15_000)
    network.hasForgotten = true
    const open = (): void => void (network.hasForgotten = false)
    return { hub: hubs.a, other: hubs.b, ok: client.ok, client, open, kill: () => network.kill(0) }
  },
}

/** What happens, and to which hub the client comes then. */
const events: Readonly<Record<string, (window: Window) => Promise<Scene> | Scene>> = {
  claim({ client, other }) {
    client.socket.end()
    return other
  },
  hi({ client, hub }) {
    client.socket.end()
    return hub
  },
  async kill({ client, other, kill }) {
    await kill()
    client.socket.end()
    return other
  },
  drain({ client, hub, other }) {
    void hub.hub.close({ drain: 5_000 })
    client.socket.end(1000)
    return other
  },
  end({ client, hub, other }) {
    hub.peers[0]!.close()
    client.socket.end()
    return other
  },
  park({ client, hub, other }) {
    hub.hub.park(hub.peers[0]!)
    client.socket.end(1000)
    return other
  },
}

const goesOn = 'goes on'
const isLost = 'unknown, and no cursor is known'
const isClosed = 'closed, after 1 message'

/** By window, what becomes of the session if that happens before the call is executed, and after it. */
const outcomes: Readonly<Record<string, Readonly<Record<string, readonly [before: string, after: string]>>>> =
  {
    begin: {
      claim: [goesOn, goesOn],
      hi: [goesOn, goesOn],
      kill: [isLost, isLost],
      drain: [goesOn, goesOn],
      park: [goesOn, goesOn],
      end: [isClosed, isClosed],
    },
    take: {
      claim: [goesOn, goesOn],
      hi: [goesOn, goesOn],
      // A hub that dies with a session takes it along.
      kill: [goesOn, isLost],
      drain: [goesOn, goesOn],
    },
    park: {
      claim: [goesOn, goesOn],
      hi: [goesOn, goesOn],
      kill: [isLost, goesOn],
      drain: [goesOn, goesOn],
    },
    return: {
      claim: [goesOn, goesOn],
      hi: [goesOn, goesOn],
      kill: [isLost, goesOn],
      drain: [goesOn, goesOn],
    },
    end: {
      claim: [isClosed, isClosed],
      hi: [isClosed, isClosed],
      kill: [isLost, isClosed],
      drain: [isClosed, isClosed],
    },
    assert: {
      claim: [goesOn, goesOn],
      hi: [goesOn, goesOn],
      kill: [isLost, isLost],
      drain: [goesOn, goesOn],
      park: [goesOn, goesOn],
      end: [isClosed, isClosed],
    },
  }

const cells = Object.entries(outcomes).flatMap(([window, byEvent]) =>
  Object.entries(byEvent).flatMap(([event, [before, after]]) => [
    [event, window, 'before', before] as const,
    [event, window, 'after', after] as const,
  ]),
)

/** Dials until there is an answer, as a client does that is asked to come again. */
async function dialOn(hubs: Pair, to: Scene, ok: Ok): Promise<FakeClient> {
  for (let n = 10; n < 30; n++) {
    const client = await come(hubs, to, ok, 0, n)
    for (let second = 0; second < 10 && !okOf(client) && !client.socket.closedWith; second++)
      await hubs.pass()
    if (okOf(client)) return client
    // It keeps its session.
    expect(client.socket.closedWith?.code).toBe(1013)
  }
  throw new Error('it never opens')
}

function becomeOf(session: string, answer: Ok): string {
  if (!answer.lost) return answer.session === session && answer.rx === 1 ? goesOn : 'another'
  const { why, rx } = answer.lost
  return rx === null ? `${why}, and no cursor is known` : `${why}, after ${rx} message`
}

describe('a session of which the store and its hub do not know the same', () => {
  it.each(cells)(
    'if %s happens while its %s is under way, %s it is executed: %s',
    async (event, name, when, expected) => {
      const network = new Network()
      const hubs = pair({}, network)
      const window = await windows[name]!(hubs, network, when)
      const to = await events[event]!(window)
      hubs.clock.setTimer(window.open, 1_000)
      const client = await dialOn(hubs, to, window.ok)
      await hubs.pass(12_000)
      expect(becomeOf(window.ok.session, okOf(client)!)).toBe(expected)
      if (expected === goesOn) expect(client.frames()).toEqual([[1, 1, 'x', 1]])
      const owners = [hubs.a, hubs.b].filter(({ hub }) => hub.peers.has(window.ok.session))
      const alive = event === 'kill' ? owners.filter((hub) => hub === to) : owners
      expect(alive).toEqual(expected === goesOn ? [to] : [])
      // A dead process hears no answers.
      if (event !== 'kill') expect([...hubs.a.reported, ...hubs.b.reported]).toEqual([])
    },
  )
})
