import type { HubOptions, Peer } from '@holdfast/server'
import type { ClientOptions, StandardSchema } from 'holdfast'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { setEnds } from './ends.ts'
import type { Ends, Receiver } from './ends.ts'

expectNothingLeft()

const schema = (check: (value: unknown) => boolean, extra: object = {}): StandardSchema => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      check(value) ? { value } : { issues: [{ message: 'no', path: [{ key: 'a' }, 0], ...extra }] },
  },
})
const broken = schema(() => {
  throw new Error('broken')
})
const text = schema((value) => typeof value === 'string', { input: 'ECHO', rule: /x/ })
const boolean = schema((value) => typeof value === 'boolean')
const bigint = schema(() => false, { received: 10n })

const told = { message: 'no', path: ['a', 0] }

interface Scene extends Ends {
  /** What `watch` reported at the receiving end. */
  readonly invalid: readonly object[]
  readonly unhandled: readonly object[]
  stats(): { readonly invalid: number; readonly unhandled: number }
}

/** The end that receives has the contract, and the other one does not, so that what does not fit leaves it. */
async function setScene(receiver: Receiver, entries?: object): Promise<Scene> {
  const contract = entries && { contract: { [receiver === 'hub' ? 'toServer' : 'toClient']: entries } }
  const ends = await (receiver === 'hub'
    ? setEnds(receiver, {}, contract as HubOptions)
    : setEnds(receiver, contract as Partial<ClientOptions>))
  const { client, pair } = ends
  const invalid: object[] = []
  const unhandled: object[] = []
  if (receiver === 'hub') {
    pair.hub.watch('invalid', (message) => invalid.push(withoutPeer(message)))
    pair.hub.watch('unhandled', (message) => unhandled.push(withoutPeer(message)))
  } else {
    client.watch('invalid', (message) => invalid.push(message))
    client.watch('unhandled', (message) => unhandled.push(message))
  }
  return {
    ...ends,
    invalid,
    unhandled,
    stats: () => (receiver === 'hub' ? pair.hub.stats() : client.stats()),
  }
}

function withoutPeer({ peer, ...message }: { readonly peer: Peer }): object {
  expect(peer.isConnected).toBe(true)
  return message
}

const receivers: readonly Receiver[] = ['hub', 'client']

describe.each(receivers)('the %s with a contract', (receiver) => {
  test.each([
    ['an input', text],
    ['an input whose issue has what JSON cannot carry', bigint],
  ])('refuses %s that does not fit, with the issues, and without the input', async (_, input) => {
    await using scene = await setScene(receiver, { ask: { input, output: boolean } })
    scene.handle(() => expect.unreachable())
    const error = await scene.request(5).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'remote', reason: 'invalid', data: [told] })
    expect((error as { data: unknown }).data).toEqual([told])
    expect(scene.invalid).toMatchObject([
      { reason: 'schema', name: 'ask', data: 5, issues: [{ message: 'no' }] },
    ])
    expect(scene.stats()).toMatchObject({ invalid: 1, unhandled: 0 })
    expect(scene.errors).toEqual([])
  })

  test.each<[what: string, answer: () => unknown]>([
    ['returns', () => 'not a boolean'],
    ['resolves to', () => Promise.resolve('not a boolean')],
    ['leaves out', () => undefined],
  ])('sends no answer that a handler %s and that does not fit, and reports it', async (_, answer) => {
    await using scene = await setScene(receiver, { ask: { input: text, output: boolean } })
    scene.handle(answer)
    await expect(scene.request('x')).rejects.toMatchObject({
      code: 'remote',
      reason: 'internal',
      message: 'the handler failed',
      data: undefined,
    })
    expect(scene.errors).toMatchObject([
      {
        code: 'misuse',
        message: expect.stringContaining("the answer to 'ask' does not fit its schema: no") as string,
      },
    ])
    expect(scene.invalid).toEqual([])
  })

  test.each([
    ['input', { input: broken, output: boolean }],
    ['answer', { input: text, output: broken }],
  ])('reports a schema of the %s that throws, and says nothing of it', async (_, ask) => {
    await using scene = await setScene(receiver, { ask })
    scene.handle(() => true)
    await expect(scene.request('x')).rejects.toMatchObject({ code: 'remote', reason: 'internal' })
    expect(scene.errors).toMatchObject([{ code: 'misuse', cause: { message: 'broken' } }])
  })

  test('answers what fits', async () => {
    await using scene = await setScene(receiver, { ask: { input: text, output: boolean } })
    scene.handle((input) => input === 'x')
    expect(await scene.request('x')).toBe(true)
    expect([scene.errors, scene.invalid]).toEqual([[], []])
  })

  test.each([
    ['is not in it', {}],
    ['is an event in it', { ask: text }],
  ])('takes no handler of requests for a name that %s', async (_, entries) => {
    await using scene = await setScene(receiver, entries)
    expect(() => scene.handle(() => true)).toThrow(expect.objectContaining({ code: 'misuse' }) as Error)
  })

  test('tells of events that are not in it, or are requests in it, or do not fit', async () => {
    await using scene = await setScene(receiver, {
      event: text,
      broken,
      ask: { input: text, output: boolean },
    })
    for (const name of ['event', 'ask', 'other', 'constructor']) scene.on(() => expect.unreachable(), name)
    const sent = ['event', 'broken', 'ask', 'other', 'constructor'].map((name) => scene.send(5, name))
    expect(await Promise.all(sent)).toEqual(sent.map(() => ({ status: 'delivered' })))
    const unknown = (name: string): object => ({ reason: 'unknown-name', name, data: 5 })
    expect(scene.invalid).toEqual([
      expect.objectContaining({ reason: 'schema', name: 'event', data: 5, issues: [expect.anything()] }),
      expect.objectContaining({
        reason: 'schema',
        name: 'broken',
        data: 5,
        error: expect.anything() as unknown,
      }),
      unknown('ask'),
      unknown('other'),
      unknown('constructor'),
    ])
    expect(scene.stats()).toMatchObject({ invalid: 5, unhandled: 0 })
  })
})

describe.each(receivers)('a message to the %s that nobody listens to', (receiver) => {
  test('is delivered, told to `unhandled` and counted, until somebody listens', async () => {
    await using scene = await setScene(receiver)
    const raw = receiver === 'hub' ? scene.client : scene.peer
    expect(await scene.send({ x: 1 }, 'mesage')).toEqual({ status: 'delivered' })
    expect(await raw.sendRaw('text')).toEqual({ status: 'delivered' })
    const off = scene.on(() => {}, 'mesage')
    await scene.send({ x: 2 }, 'mesage')
    off()
    await scene.send({ x: 3 }, 'mesage')
    const any = receiver === 'hub' ? scene.pair.hub : scene.client
    any.onAny(() => {})
    await scene.send({ x: 4 }, 'mesage')
    expect(scene.unhandled).toEqual([
      { name: 'mesage', data: { x: 1 } },
      { name: undefined, data: 'text' },
      { name: 'mesage', data: { x: 3 } },
    ])
    expect(scene.stats()).toMatchObject({ unhandled: 3, invalid: 0 })
  })
})

test.each(receivers)(
  'a handler of requests of the %s that was added again stays, whatever becomes of its first registration',
  async (receiver) => {
    await using scene = await setScene(receiver)
    const answer = (): boolean => true
    const first = scene.handle(answer)
    first()
    scene.handle(answer)
    first()
    expect(await scene.request('x')).toBe(true)
  },
)
