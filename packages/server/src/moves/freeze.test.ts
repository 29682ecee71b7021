import { bodyBytes, createSession, encodeBody, restoreSession } from '@holdfast/protocol'
import type { Body, SendOptions, Sent, Session } from '@holdfast/protocol'
import { createVirtualClock } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecordingLine } from '../../test/support/recording-line.ts'
import { createBuffers } from '../buffers.ts'
import { Dials } from '../dials.ts'
import { createLifecycle } from '../lifecycle.ts'
import { Outgoing } from '../outgoing.ts'
import { resolveOptions } from '../policy.ts'
import { createRegistry } from '../registry.ts'
import { afterWait, freezeMessages } from './freeze.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import type { SessionSnapshot } from './snapshot.ts'

const rates = { messageRate: 10, publishRate: 1 }

/** The hub's end of a session, on a hub of its own. */
class End {
  readonly session: Session<Body>
  readonly outgoing: Outgoing
  readonly dials: Dials
  readonly buffers: ReturnType<typeof createBuffers>
  readonly stage = 'confirmed'
  readonly maxMessageBytes = 1_000
  readonly connection = undefined
  line: RecordingLine | undefined
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock, snapshot?: SessionSnapshot) {
    const policy = resolveOptions({ ports: { clock } })
    const lifecycle = createLifecycle(() => {})
    this.#clock = clock
    this.buffers = createBuffers(1e9, createRegistry(policy))
    this.session = snapshot ? restoreSession(snapshot) : createSession()
    this.outgoing = new Outgoing({ policy, lifecycle, buffers: this.buffers }, this)
    this.dials = snapshot
      ? new Dials(snapshot.dials, snapshot.dials.others)
      : new Dials({ client: 'c1', n: 1 })
    if (snapshot) this.outgoing.restore(snapshot.written, snapshot.queued)
  }

  overflow(): void {
    throw new Error('the limits are far away')
  }

  push(body: Body, how: SendOptions): Sent {
    const sent = this.outgoing.push({ body, bytes: bodyBytes(body), shared: undefined }, how)
    this.outgoing.flush()
    return sent
  }

  connect(window: readonly [number, number], log: unknown[]): void {
    this.session.window = window
    this.line = new RecordingLine(this.session, log)
    for (const [seq, message] of this.session.replay()) log.push(['again', seq, message?.body ?? ''])
    this.outgoing.flush()
  }

  /** Everything that another hub needs, as it is stored. */
  freeze(): string {
    this.line = undefined
    const queued = this.outgoing.takeQueued()
    const messages = freezeMessages(this.session, queued, this.#clock.now())
    const rest = {
      keyHash: '',
      identity: null,
      isSuspect: false,
      lastRequest: 0,
      joined: [],
      present: [],
      mailbox: 0,
      running: [],
      broadcasts: undefined,
      received: 0,
      published: 0,
    }
    return encodeSnapshot({ ...messages, ...rest, dials: this.dials.numbers })
  }

  /** What can be asked of it. */
  get look(): unknown {
    const { rx, tx, acknowledged, unacknowledged, suspect } = this.session
    // The client announces its window with every connection.
    const rooms = this.line && [0, 10, 40].map((bytes) => this.session.hasRoom(bytes))
    const { count, bytes, queued } = this.outgoing
    const late = [1, 2, 3, 4].flatMap((n) => ['c1', 'c2'].map((client) => this.dials.isLate({ client, n })))
    const total = [this.buffers.messages, this.buffers.bytes]
    return { rx, tx, acknowledged, unacknowledged, suspect, rooms, count, bytes, queued, late, total }
  }
}

const small = fc.nat(6)
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      data: fc.oneof(fc.string({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 })),
      how: fc.record(
        {
          key: fc.constantFrom('a', 'b'),
          ttl: fc.integer({ min: 1, max: 40 }),
          volatile: fc.constant(true),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('connect' as const),
      window: fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 80 })),
      client: fc.constantFrom('c1', 'c2'),
      n: small,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), by: small }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('accept' as const), seq: small }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('suspect' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), by: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const) }) },
)

describe('a session that moves', () => {
  it('goes on as one that stays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40, size: 'max' }), async (actions) => {
        const clock = createVirtualClock()
        const logs: [unknown[], unknown[]] = [[], []]
        const ends = [new End(clock), new End(clock)]
        const both = (what: (end: End, log: unknown[]) => void): void => {
          for (const index of [0, 1] as const) what(ends[index]!, logs[index])
        }
        for (const item of actions) {
          switch (item.do) {
            case 'push': {
              const body = encodeBody('event', item.data)
              both((end) => void end.push(body, item.how))
              break
            }
            case 'connect':
              both((end, log) => {
                end.dials.note(item)
                end.connect(item.window, log)
              })
              break
            case 'disconnect':
              both((end) => (end.line = undefined))
              break
            case 'acknowledge':
              both(({ session, outgoing }, log) => {
                log.push(session.acknowledge(session.acknowledged + item.by))
                outgoing.progressed()
              })
              break
            case 'accept':
              both(({ session }, log) => log.push(session.accept(item.seq)))
              break
            case 'suspect':
              both(({ session }, log) => log.push(session.quarantineOldest()))
              break
            case 'pass':
              await clock.advance(item.by)
              break
            case 'move':
              // Moving ends the connection.
              ends[0]!.line = undefined
              ends[1] = new End(clock, decodeSnapshot(ends[1]!.freeze()))
          }
          expect(ends[1]!.look).toEqual(ends[0]!.look)
          expect(logs[1]).toEqual(logs[0])
        }
        both((end, log) => end.connect([1_000, 1e6], log))
        expect(logs[1]).toEqual(logs[0])
      }),
    )
  })

  it('leaves no message behind, so that its former hub can say of each that it moved', async () => {
    const end = new End(createVirtualClock())
    const log: unknown[] = []
    end.connect([1, 1_000], log)
    const sent = ['a', 'b', 'c'].map((name) => end.push(encodeBody(name, 1), {}))
    end.line = undefined
    const queued = end.outgoing.takeQueued()
    const moved = { status: 'unknown', reason: 'session-lost' } as const
    end.session.end(undefined, moved)
    for (const message of queued) message.settle(moved)
    expect(await Promise.all(sent)).toEqual([moved, moved, moved])
    expect([log, queued.length, end.outgoing.count, end.buffers.bytes]).toEqual([[[1, ',"a",1']], 2, 0, 0])
  })

  it('drops volatile messages that could not be sent any more', async () => {
    const end = new End(createVirtualClock())
    end.connect([10, 1_000], [])
    const body = encodeBody('cursor', 1)
    const sent = end.outgoing.push({ body, bytes: bodyBytes(body), shared: undefined }, { volatile: true })
    expect(end.outgoing.takeQueued()).toEqual([])
    expect(await sent).toEqual({ status: 'undelivered', reason: 'volatile' })
  })

  it('loses the messages that expire while it is parked', () => {
    const end = new End(createVirtualClock())
    for (const ttl of [5, 10, Infinity]) end.push(encodeBody('event', ttl), { ttl })
    const snapshot = decodeSnapshot(end.freeze())!
    expect(afterWait(snapshot, 5, rates).queued.map(({ ttl }) => ttl)).toEqual([5, Infinity])
    expect(afterWait(snapshot, 0, rates)).toEqual(snapshot)
  })

  it('gives its client the tokens that it gets while it is parked, and no others', () => {
    const spent = { ...decodeSnapshot(new End(createVirtualClock()).freeze())!, received: 30, published: 3 }
    expect(afterWait(spent, 0, rates)).toMatchObject({ received: 30, published: 3 })
    expect(afterWait(spent, 2_000, rates)).toMatchObject({ received: 10, published: 1 })
    expect(afterWait(spent, 60_000, rates)).toMatchObject({ received: 0, published: 0 })
    const unlimited = { messageRate: Infinity, publishRate: Infinity }
    expect(afterWait(spent, 0, unlimited)).toMatchObject({ received: 0, published: 0 })
  })
})
