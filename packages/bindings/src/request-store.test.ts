import { settleMicrotasks } from '@holdfast/testing'
import type { Client, HoldfastError, RequestOptions } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { createRequestStore } from './request-store.ts'

interface Asked {
  readonly name: string
  readonly input: unknown
  readonly options: RequestOptions
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** A store, with what it has shown, and a client whose requests the test answers. */
function setUp() {
  const asked: Asked[] = []
  const client = {
    request: (name: string, input: unknown, options: RequestOptions) =>
      new Promise((resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(new Error('aborted')))
        asked.push({ name, input, options, resolve, reject })
      }),
  } as unknown as Client
  const store = createRequestStore()
  const shown: (readonly [status: string, value: unknown])[] = []
  store.subscribe(() => {
    const { status, data, error } = store.state
    shown.push([status, data ?? error])
  })
  const send = (input: unknown): Promise<unknown> => store.send(client, 'ask', input, { timeout: 5 })
  return { store, client, asked, shown, send }
}

describe('the requests of a component', () => {
  it('are idle, pending, and then have their answer or their error', async () => {
    const { store, asked, shown, send } = setUp()
    expect(store.state.status).toBe('idle')
    const answer = send(1)
    expect(asked[0]).toMatchObject({ name: 'ask', input: 1, options: { timeout: 5 } })
    asked[0]!.resolve('yes')
    expect(await answer).toBe('yes')
    void send(2)
    asked[1]!.reject('no')
    await settleMicrotasks()
    expect(shown).toEqual([
      ['pending', undefined],
      ['ok', 'yes'],
      ['pending', 'yes'],
      ['error', 'no'],
    ])
  })

  it('reject the promise of send() too, which need not be awaited', async () => {
    const { asked, send } = setUp()
    const answer = send(1)
    asked[0]!.reject(new Error('no'))
    await expect(answer).rejects.toThrow('no')
  })

  it('are aborted by the next one, whose answer counts', async () => {
    const { store, asked, send } = setUp()
    void send('first')
    void send('second')
    expect(asked[0]!.options.signal!.aborted).toBe(true)
    await settleMicrotasks()
    expect(store.state.status).toBe('pending')
    asked[1]!.resolve('answer of the second')
    await settleMicrotasks()
    expect(store.state).toEqual({ status: 'ok', data: 'answer of the second', error: undefined })
  })

  it('are aborted by a reset, which leaves no error behind', async () => {
    const { store, asked, shown, send } = setUp()
    void send(1)
    store.reset()
    store.reset()
    expect(asked[0]!.options.signal!.aborted).toBe(true)
    await settleMicrotasks()
    expect(shown.map(([status]) => status)).toEqual(['pending', 'idle'])
  })

  it('of another name have their own state and answer', async () => {
    const { store, client, asked } = setUp()
    void store.send(client, 'a', 1, undefined)
    asked[0]!.resolve('answer of a')
    await settleMicrotasks()
    expect([store.stateOf(client, 'a').data, store.stateOf(client, 'b').status]).toEqual([
      'answer of a',
      'idle',
    ])
    void store.send(client, 'b', 2, undefined)
    expect(store.stateOf(client, 'b')).toEqual({ status: 'pending', data: undefined, error: undefined })
    expect(store.stateOf(client, 'a').status).toBe('idle')
  })

  it('change nothing if the client throws for them', () => {
    const { store, client } = setUp()
    const misuse = new Error('not a request') as HoldfastError
    const refusing: Client = {
      ...client,
      request() {
        throw misuse
      },
    }
    expect(() => store.send(refusing, 'x', 1, undefined)).toThrow(misuse)
    expect(store.state.status).toBe('idle')
  })

  it('are shown to listeners that have not left', () => {
    const { store, send } = setUp()
    store.subscribe(() => expect.unreachable())()
    void send(1)
    expect(store.state.status).toBe('pending')
  })
})
