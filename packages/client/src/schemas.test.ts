import { describe, expect, it, vi } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { thrown } from '../test/support/failures.ts'
import { setUp } from '../test/support/set-up.ts'
import { correlated, createClient, plain, schemas } from './index.ts'
import type { StandardSchema } from './index.ts'

describe('a request with schemas', () => {
  const digits: StandardSchema<unknown, number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const text = (value as { text: unknown }).text
        return typeof text === 'string' ? { value: Number(text) } : { issues: [{ message: 'no text' }] }
      },
    },
  }

  it('is given what comes out of the schema of its answer, or rejected', async () => {
    const { network, clock } = setUp()
    const contract = schemas({ toServer: { get: { input: digits, output: digits } } })
    const wire = plain({ requests: correlated() })
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      wire,
      contract,
    })
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    const [good, bad] = [client.request('get', { text: '1' }), client.request('get', { text: '2' })]
    expect(network.last.sent).toEqual([
      '{"type":"get","id":"1","text":"1"}',
      '{"type":"get","id":"2","text":"2"}',
    ])
    network.last.message('{"id":"1","text":"42"}')
    network.last.message('{"id":"2","text":42}')
    expect(await good).toBe(42)
    await expect(bad).rejects.toMatchObject({ code: 'invalid', data: [{ message: 'no text' }] })
    expect(thrown(() => client.request('get', { text: 3 })).code).toBe('misuse')
  })
})

describe('a contract of schemas', () => {
  const text = (
    check: (value: string) => boolean,
    turn: (value: string) => unknown,
  ): StandardSchema<{ text: string }, unknown> => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const found = (value as { text?: unknown } | undefined)?.text
        return typeof found === 'string' && check(found)
          ? { value: turn(found) }
          : { issues: [{ message: 'no good' }] }
      },
    },
  })
  const contract = schemas({
    toClient: {
      note: text(
        (value) => value !== '',
        (value) => value.toUpperCase(),
      ),
    },
    toServer: { note: text((value) => value !== '', Number) },
  })

  it('gives handlers what comes out of a schema, and reports what does not fit', async () => {
    const { network, clock } = setUp()
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      contract,
    })
    const [heard, invalid] = [vi.fn(), vi.fn()]
    client.on('note', heard)
    client.watch('invalid', invalid)
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    network.last.message('{"type":"note","text":"hi"}')
    network.last.message('{"type":"note","text":""}')
    network.last.message('{"type":"constructor"}')
    expect(heard.mock.calls).toEqual([['HI']])
    expect(invalid.mock.calls.map(([message]) => [message.reason, message.name])).toEqual([
      ['schema', 'note'],
      ['unknown-name', 'constructor'],
    ])
    expect(client.state.status).toBe('open')
  })

  it('refuses to send what does not fit, and sends what was given, not what comes out', async () => {
    const { network, clock } = setUp()
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      contract,
    })
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    expect(thrown(() => client.send('note', { text: '' })).code).toBe('misuse')
    expect(thrown(() => client.send('other' as never, undefined as never)).message).toMatch(
      /not an event in the contract/,
    )
    client.send('note', { text: '42' })
    expect(network.last.sent).toEqual(['{"type":"note","text":"42"}'])
  })

  it('that throws spoils one message, and not the connection', async () => {
    const { network, clock } = setUp()
    const broken: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => {
          throw new Error('broken')
        },
      },
    }
    const client = createClient({
      url: 'ws://test',
      WebSocket: network.WebSocket,
      ports: { clock },
      contract: schemas({ toClient: { x: broken } }),
    })
    const invalid = vi.fn()
    client.watch('invalid', invalid)
    void client.connect()
    await settleMicrotasks()
    network.last.open()
    network.last.message('{"type":"x"}')
    expect(invalid.mock.calls).toMatchObject([
      [
        {
          reason: 'schema',
          name: 'x',
          data: { type: 'x' },
          error: { code: 'misuse', cause: new Error('broken') },
        },
      ],
    ])
    expect(client.state.status).toBe('open')
  })

  it('must be synchronous', () => {
    const later: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) },
    }
    const thenable: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ then: () => {} }) as never },
    }
    expect(() =>
      createClient({ url: 'ws://test', contract: schemas({ toServer: { x: thenable } }) }).send('x', {}),
    ).toThrow(/synchronous/)
    const client = createClient({ url: 'ws://test', contract: schemas({ toServer: { x: later } }) })
    expect(thrown(() => client.send('x', {})).message).toMatch(/synchronous/)
  })
})
