import { correlated, createClient, plain, type Client } from 'holdfast'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createHistory, matcher, type Message } from '../../playground/web/src/inspector/history.ts'
import { listen, observe, type Inspectable } from '../../playground/web/src/inspector/observe.ts'
import { payloadText } from '../../playground/web/src/inspector/payload.ts'
import { expectNothingLeft } from '../support/leaks.ts'

expectNothingLeft()

/** A client of a server that sends everything back, but for what is called `never`. */
async function connect(): Promise<Client> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  server.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => {
      if (!(data as Buffer).toString().includes('"never"')) socket.send(data, { binary: isBinary })
    }),
  )
  const { port } = server.address() as { port: number }
  const wire = plain({ requests: correlated() })
  const client = createClient({ url: `ws://127.0.0.1:${port}`, WebSocket, wire })
  onTestFinished(async () => {
    await client.dispose()
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await client.connect()
  return client
}

/** The observed messages from now on, in a form to compare: direction, name, payload, outcome. */
function hear(client: Inspectable): () => unknown[] {
  const messages: Message[] = []
  onTestFinished(listen(client, (message) => messages.push(message)))
  return () =>
    messages.map(({ direction, name, data, outcome }) => [direction, name, payloadText(data), outcome?.()])
}

const sent = { status: 'sent' }

test('all messages of an observed client are seen, with payloads and outcomes', async () => {
  const client = observe(await connect())
  const heard = hear(client)
  const delivery = client.send('chat', { message: 'hi' })
  client.send('late', {}, { volatile: true })
  await client.request('ask', { a: 1 })
  await client.disconnect()
  client.send('waits', undefined, { key: 'same' })
  expect(heard().at(-1)).toEqual(['out', 'waits', '', undefined])
  client.send('waits', undefined, { key: 'same' })
  expect(delivery.outcome).toEqual(sent)
  expect(heard()).toEqual([
    ['out', 'chat', '{"message":"hi"}', sent],
    ['out', 'late', '{}', sent],
    ['out', 'ask', '{"a":1}', { status: 'answered' }],
    ['in', 'chat', '{"type":"chat","message":"hi"}', undefined],
    ['in', 'late', '{"type":"late"}', undefined],
    ['out', 'waits', '', { status: 'undelivered', reason: 'replaced' }],
    ['out', 'waits', '', undefined],
  ])
})

test('observing changes nothing: state, returns, errors, and what counts as unhandled', async () => {
  const inner = await connect()
  const client = observe(inner)
  const heard = hear(client)
  expect(client.state).toBe(inner.state)
  expect(() => client.send('flat', 'no object')).toThrow(expect.objectContaining({ code: 'misuse' }))
  expect(heard(), 'nothing was sent').toEqual([])

  client.sendRaw(new Uint8Array([1, 2]))
  await expect.poll(() => client.stats().unhandled).toBe(1)
  const raw: unknown[] = []
  const stop = client.onRaw((data) => raw.push(data))
  client.sendRaw('text')
  await expect.poll(() => raw).toEqual(['text'])
  stop()
  client.sendRaw('text again')
  await expect.poll(() => client.stats().unhandled).toBe(2)
  expect(heard()).toEqual([
    ['out', undefined, '2 bytes: 01 02', sent],
    ['in', undefined, '2 bytes: 01 02', { status: 'unhandled' }],
    ['out', undefined, 'text', sent],
    ['in', undefined, 'text', undefined],
    ['out', undefined, 'text again', sent],
    ['in', undefined, 'text again', { status: 'unhandled' }],
  ])

  await expect(client.request('never', {}, { timeout: 1 })).rejects.toMatchObject({ code: 'timeout' })
  await client.disconnect()
  expect(client.state.status).toBe('closed')
})

test('outbound messages of any other client are seen by name and outcome', async () => {
  const client = await connect()
  const heard = hear(client)
  client.send('chat', { message: 'hi' })
  expect(heard()).toEqual([['out', 'chat', '', sent]])
})

test('a history keeps the last messages, up to its capacity', () => {
  const history = createHistory(100)
  const add = (from: number, to: number): void => {
    for (let at = from; at < to; at++) history.add({ at, direction: 'in', name: 'event', data: { at } })
  }
  add(0, 10_000)
  expect(history.take().map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, index) => 9_900 + index))
  for (let from = 10_000; from < 20_000; from += 30) {
    add(from, from + 30)
    expect(history.take()).toHaveLength(30)
    expect(history.entries.length).toBeLessThan(200)
  }
  expect(history.entries.at(-1)).toMatchObject({ payload: '{"at":20019}' })
  history.clear()
  expect(history.entries).toEqual([])
})

test.each([
  ['', 'all', true],
  ['CHAT', 'all', true],
  ['hello', 'in', true],
  ['hello', 'out', false],
  ['bye', 'all', false],
] as const)('the filter %j, %s', (text, direction, isMatch) => {
  const entry = { at: 0, direction: 'in', name: 'chat', payload: '{"message":"Hello"}' } as const
  expect(matcher({ text, direction })(entry)).toBe(isMatch)
})

test.each([
  ['long', 'x'.repeat(5_000), `${'x'.repeat(4_000)}… (5000 characters)`],
  ['a long object', { a: 'x'.repeat(5_000) }, `{"a":"${'x'.repeat(3_994)}… (5008 characters)`],
  ['nothing', undefined, ''],
  ['without a prototype', Object.assign(Object.create(null) as object, { a: 0 }), '{"a":0}'],
  ['a bigint', 1n, '(no JSON)'],
  ['bytes', new Uint8Array(70).fill(255), `70 bytes: ${Array(64).fill('ff').join(' ')} …`],
  ['a view', new DataView(new ArrayBuffer(4), 1, 2), '2 bytes: 00 00'],
])('a payload that is %s', (_, data, text) => {
  expect(payloadText(data)).toBe(text)
})
