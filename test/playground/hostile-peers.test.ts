import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { openChat, openPair } from './chat-server.ts'
import { join } from './peer.ts'

expectNothingLeft()

test.each([
  ['no JSON', '{"type":', 'not JSON'],
  ['nothing', '', 'not JSON'],
  ['an array', '[{"type":"chat","message":"hi"}]', 'not a JSON object'],
  ['a number', '1', 'not a JSON object'],
  ['null', 'null', 'not a JSON object'],
  ['a string', '"chat"', 'not a JSON object'],
  ['no type', '{}', 'unknown type'],
  ['a type that nobody knows', '{"type":"welcome"}', 'unknown type'],
  ['a type that is no string', '{"type":{"toString":"chat"}}', 'unknown type'],
  ['the type __proto__', '{"type":"__proto__"}', 'unknown type'],
  ['the type constructor', '{"type":"constructor"}', 'unknown type'],
  ['a prototype', '{"__proto__":{"type":"chat","message":"hi"}}', 'unknown type'],
  ['a chat without a message', '{"type":"chat"}', 'chat needs a message'],
  ['a message that is no string', '{"type":"chat","message":{"length":1}}', 'chat needs a message'],
  ['an empty message', '{"type":"chat","message":" \\n\\u0000 "}', 'the message is empty'],
  ['a long message', JSON.stringify({ type: 'chat', message: 'x'.repeat(2_001) }), 'longer than 2000'],
  ['a join without a name', '{"type":"join"}', 'join needs a name'],
  ['a name that is no string', '{"type":"join","name":["Ann"]}', 'join needs a name'],
  ['bytes', Buffer.from('{"type":"chat","message":"hi"}'), 'binary'],
  ['deep nesting', '['.repeat(30_000), 'not JSON'],
])('%s is answered by an error, and the connection is kept', async (_, frame, message) => {
  const { ann, bo } = await openPair()
  ann.say(frame)
  expect(await ann.next()).toEqual({ type: 'error', message: expect.stringContaining(message) })
  ann.say({ type: 'chat', message: 'still here' })
  expect(await bo.next()).toMatchObject({ type: 'chat', message: 'still here' })
})

test('control characters and lone surrogates are removed from messages, and nothing else', async () => {
  const { ann, bo } = await openPair()
  ann.say(String.raw`{"type":"chat","message":"  a\u0000\nb\ud800 👨‍👩‍👧 <script> "}`)
  expect((await bo.next())['message']).toBe('a b  👨‍👩‍👧 <script>')
})

test('a frame of 1 MB ends its connection with 1009, and no other connection is affected', async () => {
  const { ann, bo } = await openPair()
  ann.say({ type: 'chat', message: 'x'.repeat(1_000_000) })
  expect(await ann.closed).toBe(1009)
  expect(await bo.next()).toMatchObject({ type: 'left', name: 'Ann' })
  expect(await bo.nextIsNothing()).toBe(true)
})

test('a frame that breaks the protocol ends its connection only', async () => {
  const { url, ann } = await openPair()
  const { hostname, port } = new URL(url)
  const raw = connect(Number(port), hostname)
  raw.on('error', () => {})
  raw.write(
    'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  expect(String((await once(raw, 'data'))[0])).toContain(' 101 ')
  raw.write(Buffer.from([0xff, 0x00]))
  const protocolError = Buffer.from([0x88, 0x02, 0x03, 0xea]) // close, 1002
  expect((await once(raw, 'data'))[0]).toEqual(protocolError)
  raw.destroy()
  expect(await ann.nextIsNothing()).toBe(true)
})

test('a flood is slowed down without loss, and does not block other participants', async () => {
  const { url, ann, bo } = await openPair({ framesPerSecond: 20 })
  const cy = await join(url, 'Cy')
  await Promise.all([ann.next(), bo.next()])
  const messages = Array.from({ length: 110 }, (_, index) => `${index} ${'x'.repeat(1_900)}`)
  const startedAt = performance.now()
  ann.say(...messages.map((message) => ({ type: 'chat', message })))

  let floodIsOver = false
  const flood = (async () => {
    for (const message of messages) expect(await bo.next()).toMatchObject({ type: 'chat', message })
    floodIsOver = true
  })()
  cy.say({ type: 'ping' })
  while ((await cy.next()).type !== 'pong');
  expect(floodIsOver, 'others are answered while the flood waits').toBe(false)
  await flood
  // 64 KiB a turn, so at least three pauses of a second, of which the first may have begun before.
  expect(performance.now() - startedAt).toBeGreaterThan(1_500)
})

test('a peer that does not read is dropped before its data fills the memory', async () => {
  const { ann, bo } = await openPair({ framesPerSecond: 1_000_000, maxBufferedBytes: 65_536 })
  bo.socket.pause()
  const frame = JSON.stringify({ type: 'chat', message: 'x'.repeat(2_000) })
  const left = ann.next()
  const flood = setInterval(() => ann.say(...Array.from({ length: 500 }, () => frame)), 1)
  onTestFinished(() => clearInterval(flood))
  expect(await left).toMatchObject({ type: 'left', name: 'Bo' })
  clearInterval(flood)
  bo.socket.resume()
  expect(await bo.closed).toBe(1006)
  expect(await ann.nextIsNothing()).toBe(true)
})

test('a peer that does not answer pings is dropped, and one that does stays', async () => {
  // So long that a process that has to wait for its turn is not taken for a dead one.
  const { url } = await openChat({ pingInterval: 500 })
  const alive = await join(url, 'Ann')
  const dead = await join(url, 'Bo', { autoPong: false })
  expect(await alive.next()).toMatchObject({ type: 'joined', name: 'Bo' })
  expect(await alive.next()).toMatchObject({ type: 'left', name: 'Bo' })
  expect(await dead.closed).toBe(1006)
  for (let pings = 0; pings < 3; pings++) await once(alive.socket, 'ping')
  expect(await alive.nextIsNothing()).toBe(true)
})
