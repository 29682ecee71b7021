import { createHash } from 'node:crypto'
import type { AnyContract, Contract, Hi, Ok, Schemas } from '@holdfast/protocol'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import { createHub } from '../../src/index.ts'
import type { Hub, HubLifecycle, HubOptions, Peer, PeerEnd, RequestLike } from '../../src/index.ts'
import { FakeSocket } from './fake-socket.ts'

/** A client that is driven by the test, on one fake socket. */
export interface FakeClient {
  readonly socket: FakeSocket
  /** What came in since the last call, parsed. */
  take(): unknown[]
  /** The same without controls, and each frame of a pack for itself. */
  frames(): unknown[][]
  /** Sends a message: bytes and text as they are, all else as JSON. */
  say(message: unknown): Promise<void>
  /** Greets, confirms, and gives what the hub said. */
  greet(hi?: Partial<Hi>): Promise<Ok>
}

export interface SetUp<C> {
  readonly hub: Hub<C>
  readonly clock: VirtualClock
  /** What was reported. */
  readonly reported: unknown[]
  /** What was warned of. */
  readonly warned: string[]
  /** The sessions that were confirmed, in order. */
  readonly peers: Peer<C>[]
  /** What `watch` has heard, in order, without peers and requests. */
  readonly heard: (readonly [kind: string, value: Record<string, unknown>])[]
  /** A new connection. */
  dial(request?: Partial<RequestLike>): FakeClient
  /** A new connection that has greeted. */
  join(hi?: Partial<Hi>): Promise<FakeClient & { readonly ok: Ok }>
}

/** What a client says that has no session yet. */
export const newcomer: Hi = { v: 1, client: 'c1', n: 1, window: [100, 100_000], maxPayload: 1_048_576 }

/** What a client says to resume. */
export function resuming({ session, key }: Ok, rx: number, n = 2): Partial<Hi> {
  return { session, key, rx, n }
}

/** A hub on a virtual clock, and clients on fake sockets. */
export function setUp<C extends Contract = AnyContract>(
  options: HubOptions & { readonly contract?: Schemas } = {},
): SetUp<C> {
  const clock = createVirtualClock()
  const reported: unknown[] = []
  const warned: string[] = []
  const peers: Peer<C>[] = []
  const heard: (readonly [string, Record<string, unknown>])[] = []
  let drawn = 0
  const hub = createHub({
    ...options,
    ports: {
      clock,
      randomBytes: (count) => createHash('sha256').update(`${drawn++}`).digest().subarray(0, count),
      report: (error) => reported.push(error),
      warn: (message) => warned.push(message),
      ...options.ports,
    },
  } as HubOptions) as unknown as Hub<C>

  hub.onPeer((peer) => peers.push(peer))
  const kinds: (keyof HubLifecycle)[] = ['open', 'down', 'closed', 'invalid', 'unhandled', 'refused']
  for (const kind of kinds)
    hub.watch(kind, (value) => {
      const { peer: _, request: __, ...rest } = value as unknown as Record<string, unknown>
      heard.push([kind, rest])
    })

  const dial = (request: Partial<RequestLike> = {}): FakeClient => {
    const socket = new FakeSocket()
    hub.accept(socket, { url: '/ws', headers: {}, ...request })
    const client: FakeClient = {
      socket,
      take: () => socket.heard.splice(0),
      frames: () =>
        (client.take() as unknown[][])
          .filter(([first]) => typeof first !== 'string')
          .flatMap((message) => (Array.isArray(message[0]) ? (message as unknown[][]) : [message])),
      async say(message) {
        socket.message(message)
        await settleMicrotasks()
      },
      async greet(hi) {
        await client.say(['hi', { ...newcomer, ...hi }])
        const found = socket.heard.find((item) => Array.isArray(item) && item[0] === 'ok') as [string, Ok]
        if (!found) throw new Error(`no ok, but ${JSON.stringify(socket.closedWith ?? socket.heard)}`)
        await client.say(['a', found[1].session === hi?.session ? hi.rx : 0])
        return found[1]
      },
    }
    return client
  }

  return {
    hub,
    clock,
    reported,
    warned,
    peers,
    heard,
    dial,
    async join(hi) {
      const client = dial()
      const ok = await client.greet(hi)
      client.take()
      return { ...client, ok }
    },
  }
}

/** Resolves when the session has ended. */
export function ended(peer: Peer): Promise<PeerEnd> {
  return new Promise((resolve) => peer.onClose(resolve))
}
