import { bodyBytes, createSession } from '@holdfast/protocol'
import type { Body, Outcome, Session } from '@holdfast/protocol'
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { RecordingLine } from '../test/support/recording-line.ts'
import { BroadcastLog } from './broadcast-log.ts'
import { createBuffers } from './buffers.ts'
import type { Encoded } from './encoded.ts'
import { createLifecycle } from './lifecycle.ts'
import type { HubOptions } from './index.ts'
import { MessagesToClient } from './messages-to-client.ts'
import type { OutgoingRecord } from './outgoing.ts'
import { resolveOptions } from './policy.ts'
import { createRegistry } from './registry.ts'

const encoded = (text: string): Encoded => ({ body: text, bytes: bodyBytes(text), shared: undefined })

/** A session whose connection the test opens and cuts. */
class Scene implements OutgoingRecord {
  readonly session: Session<Body> = createSession()
  readonly maxMessageBytes = 1_000
  readonly overflows: string[] = []
  /** The number and the text of what was written. */
  readonly written: unknown[] = []
  readonly log: BroadcastLog
  readonly messages: MessagesToClient
  stage: OutgoingRecord['stage'] = 'confirmed'
  connection: OutgoingRecord['connection']
  line: OutgoingRecord['line']

  constructor(limits: HubOptions['limits'] = {}) {
    const policy = resolveOptions({ limits, ports: { clock: createVirtualClock() } })
    const buffers = createBuffers(1e9, createRegistry(policy))
    this.log = new BroadcastLog(buffers)
    this.messages = new MessagesToClient({ policy, buffers, lifecycle: createLifecycle(() => {}) }, this)
    this.session.window = [100, 10_000]
  }

  connect(): void {
    this.connection = { bufferedAmount: 0 }
    this.line = new RecordingLine(this.session, this.written)
    this.messages.flush()
  }

  cut(): void {
    this.connection = this.line = undefined
  }

  overflow(limit: string): void {
    this.overflows.push(limit)
    this.stage = 'ended'
  }

  /** Returns whether the session needs no copy of the broadcast. */
  broadcast(text: string): boolean {
    const isMissed = this.messages.miss(this.log, encoded(text))
    this.log.append(encoded(text))
    return isMissed
  }

  get counts(): unknown {
    const { count, bytes, queued } = this.messages
    return { count, bytes, queued }
  }
}

describe('the messages to a client', () => {
  it('are counted wherever they wait, until the client has acknowledged them', async () => {
    const scene = new Scene()
    scene.connect()
    scene.messages.push(encoded('"one"'), {})
    await settleMicrotasks()
    scene.cut()
    expect(scene.broadcast('"three"')).toBe(true)
    scene.messages.hold()
    scene.messages.push(encoded('"six"'), {})
    expect(scene.counts).toEqual({ count: 3, bytes: 17, queued: 2 })
    scene.connect()
    expect(scene.written).toEqual([
      [1, '"one"'],
      [2, '"three"'],
    ])
    scene.session.acknowledge(2)
    expect(scene.counts).toEqual({ count: 1, bytes: 5, queued: 1 })
  })

  it('come in the order in which they were sent, broadcasts that the client has missed included', () => {
    const scene = new Scene()
    scene.broadcast('1')
    scene.messages.push(encoded('2'), {})
    scene.broadcast('3')
    scene.messages.push(encoded('"volatile"'), { volatile: true })
    scene.connect()
    expect(scene.broadcast('4')).toBe(false)
    expect(scene.written).toEqual([
      [1, '1'],
      [2, '2'],
      [3, '3'],
    ])
  })

  it('are taken from the log of broadcasts as the window of the client allows', async () => {
    const scene = new Scene()
    for (let n = 1; n <= 5; n++) scene.broadcast(`${n}`)
    scene.session.window = [2, 10_000]
    scene.connect()
    expect([scene.written.length, scene.messages.missed?.count]).toEqual([2, 3])
    scene.session.acknowledge(2)
    scene.messages.progressed()
    await settleMicrotasks()
    scene.session.acknowledge(4)
    scene.messages.progressed()
    await settleMicrotasks()
    expect(scene.written.map((each) => (each as unknown[])[1])).toEqual(['1', '2', '3', '4', '5'])
    expect(scene.messages.missed).toBeUndefined()
  })

  it('of the application are held once another hub is to write them, and answers are not', async () => {
    const scene = new Scene()
    scene.connect()
    scene.messages.push(encoded('1'), {})
    scene.messages.hold()
    scene.messages.push(encoded('3'), {})
    scene.messages.write(encoded('2'), {})
    await settleMicrotasks()
    expect(scene.written).toEqual([
      [1, '1'],
      [2, '2'],
    ])
    scene.cut()
    scene.messages.write(encoded('"late"'), {})
    expect(scene.messages.takeQueued().map(({ body }) => body)).toEqual(['"late"', '3'])
  })

  it('end the session when more wait than the limit allows', () => {
    const scene = new Scene({ maxBufferedMessages: 2 })
    scene.broadcast('1')
    scene.broadcast('2')
    expect(scene.broadcast('3')).toBe(false)
    expect(scene.overflows).toEqual(['maxBufferedMessages'])
  })

  it('are undelivered when the session has ended, and nothing of it stays in the log of broadcasts', async () => {
    const scene = new Scene()
    const outcomes: Outcome[] = []
    const push = (): void =>
      scene.messages.push(encoded('1'), {}).whenSettled((outcome) => outcomes.push(outcome))
    push()
    scene.broadcast('2')
    scene.messages.hold()
    push()
    scene.stage = 'ended'
    scene.messages.refuse()
    push()
    await settleMicrotasks()
    expect(outcomes).toEqual(
      Array.from({ length: 3 }, () => ({ status: 'undelivered', reason: 'session-lost' })),
    )
    expect(scene.counts).toEqual({ count: 0, bytes: 0, queued: 0 })
    expect(scene.log.end.readers).toBe(0)
  })
})
