import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentFormat, decodeMail, decodeSnapshot, encodeMail, encodeSnapshot } from './snapshot.ts'
import type { SessionSnapshot } from './snapshot.ts'

const count = fc.nat(Number.MAX_SAFE_INTEGER)
const amount = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs)
const text = fc.string({ unit: 'binary' })
const body = fc.oneof(text, fc.record({ head: text, bytes: fc.uint8Array() }))
const snapshots: fc.Arbitrary<SessionSnapshot> = fc.record({
  keyHash: text,
  identity: fc.option(text),
  rx: count,
  acknowledged: count,
  suspect: count,
  isSuspect: fc.boolean(),
  written: fc.array(body),
  queued: fc.array(
    fc.record({
      body,
      key: fc.option(text, { nil: undefined }),
      ttl: fc.oneof(fc.nat(), fc.constant(Infinity)),
    }),
  ),
  dials: fc.record({ client: text, n: count, others: fc.array(fc.tuple(text, count)) }),
  lastRequest: count,
  joined: fc.array(fc.record({ name: text, presence: fc.option(text, { nil: undefined }) })),
  present: fc.array(fc.record({ name: text, presence: fc.option(text, { nil: undefined }) })),
  mailbox: count,
  running: fc.array(count),
  broadcasts: fc.option(
    fc.record({
      position: fc.record({ epoch: text, offset: count, id: text }),
      also: fc.array(text),
    }),
    { nil: undefined },
  ),
  received: amount,
  published: amount,
})

const example: SessionSnapshot = {
  keyHash: 'hash',
  identity: 'ada',
  rx: 7,
  acknowledged: 3,
  suspect: 0,
  isSuspect: false,
  written: [',"a",1', ''],
  queued: [{ body: ',"b"', key: 'cursor', ttl: Infinity }],
  dials: { client: 'c1', n: 2, others: [] },
  lastRequest: 1,
  joined: [{ name: 'room:1', presence: undefined }],
  present: [{ name: 'room:2', presence: '1' }],
  mailbox: 0,
  running: [3],
  broadcasts: undefined,
  received: 0.5,
  published: 2,
}

/** The example with other members, as another hub may have written it. */
function changed(members: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(encodeSnapshot(example)) as object), ...members })
}

describe('a snapshot', () => {
  it('is the same after it was encoded and decoded', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
      }),
    )
  })

  it('keeps a part of a larger buffer, without the rest of it', () => {
    const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
    const decoded = decodeSnapshot(encodeSnapshot({ ...example, written: [{ head: ',"a"', bytes }] }))
    expect(decoded!.written).toEqual([{ head: ',"a"', bytes: new Uint8Array([2, 3]) }])
  })

  it('of a later format is not read', () => {
    expect(decodeSnapshot(changed({ format: currentFormat + 1 }))).toBeUndefined()
  })

  it('with members that are not known is read without them', () => {
    expect(decodeSnapshot(changed({ later: true }))).toEqual(example)
  })

  it.each([
    1,
    {},
    { position: { epoch: 1, offset: 1, id: '' }, also: [] },
    { position: { epoch: '', offset: -1, id: '' }, also: [] },
    { position: { epoch: '', offset: 1 }, also: [] },
    { position: { epoch: '', offset: 1, id: '' }, also: [1] },
  ])('with broadcasts that are none, as %j, is read without them', (broadcasts) => {
    expect(decodeSnapshot(changed({ broadcasts }))).toEqual(example)
  })

  it.each([
    ['no JSON', '{'],
    ['no object', '[1]'],
    ['null', 'null'],
    ['no format', changed({ format: undefined })],
    ['a format of 0', changed({ format: 0 })],
    ['no key', changed({ keyHash: undefined })],
    ['less than no tokens', changed({ received: -1 })],
    ['tokens that are none', changed({ published: 'x' })],
    ['a cursor that is none', changed({ rx: -1 })],
    ['an identity that is none', changed({ identity: 1 })],
    ['a suspicion that is none', changed({ isSuspect: 1 })],
    ['no messages', changed({ written: undefined })],
    ['a message that is none', changed({ written: [1] })],
    ['bytes without a header', changed({ written: [[]] })],
    ['bytes that are none', changed({ written: [[',"a"', 1]] })],
    ['a header without bytes', changed({ written: [[',"a"']] })],
    ['a queued message that is none', changed({ queued: [1] })],
    ['a queued message without a body', changed({ queued: [{}] })],
    ['a time that is none', changed({ queued: [{ body: '', ttl: 'x' }] })],
    ['a key that is none', changed({ queued: [{ body: '', key: 1 }] })],
    ['no dial', changed({ dials: [] })],
    ['dials that are none', changed({ dials: 1 })],
    ['a dial that is none', changed({ dials: [1] })],
    ['a dial without a number', changed({ dials: [['c1']] })],
    ['a channel that is none', changed({ joined: [1] })],
    ['a channel without a name', changed({ joined: [[]] })],
    ['presence that is none', changed({ joined: [['room', 1]] })],
    ['a channel of the client that is none', changed({ present: [1] })],
    ['a request that is none', changed({ running: ['x'] })],
  ])('that has %s is not read', (_, encoded) => {
    expect(decodeSnapshot(encoded)).toBeUndefined()
  })

  it('of any content is read or not, and throws nothing', () => {
    fc.assert(
      fc.property(fc.json(), (encoded) => {
        expect(() => decodeSnapshot(encoded)).not.toThrow()
      }),
    )
  })
})

describe('a message for a mailbox', () => {
  it('is the same after it was encoded and decoded', () => {
    fc.assert(
      fc.property(body, (message) => {
        expect(decodeMail(encodeMail(message))).toEqual(message)
      }),
    )
  })

  it.each(['', '1', '[1]', '{'])('that is %j is not read', (mail) => {
    expect(decodeMail(mail)).toBeUndefined()
  })
})
