import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { dial, type Peer } from './peer.ts'
import { openWhole } from './whole.ts'

expectNothingLeft()

async function openPair(): Promise<{ url: string; ann: Peer; bo: Peer }> {
  const url = `ws://${(await openWhole()).host}/scenes`
  return { url, ann: await dial(url), bo: await dial(url) }
}

test('a price is sent to all pages, including its sender, and to later ones', async () => {
  const { url, ann, bo } = await openPair()
  ann.say({ type: 'price', symbol: 'KELP', price: 10 }, { type: 'price', symbol: 'KELP', price: 11.5 })
  for (const peer of [ann, bo]) {
    expect(await peer.next()).toEqual({ type: 'price', symbol: 'KELP', price: 10 })
    expect(await peer.next()).toEqual({ type: 'price', symbol: 'KELP', price: 11.5 })
  }
  const cy = await dial(url)
  expect(await cy.next()).toEqual({ type: 'price', symbol: 'KELP', price: 11.5 })
  expect(await cy.nextIsNothing()).toBe(true)
})

test('a cursor is sent to the other pages, and so is its removal', async () => {
  const { ann, bo } = await openPair()
  ann.say({ type: 'cursor', x: 0.25, y: 1, id: '9' })
  expect(await bo.next()).toEqual({ type: 'cursor', id: '1', x: 0.25, y: 1 })
  expect(await ann.nextIsNothing()).toBe(true)
  ann.socket.close()
  expect(await bo.next()).toEqual({ type: 'gone', id: '1' })
})

test('orders are numbered, and answered to the page that ordered', async () => {
  const { ann, bo } = await openPair()
  ann.say({ type: 'order', drink: 'Tea' }, { type: 'order', drink: 'Coffee' })
  expect(await ann.next()).toEqual({ type: 'ordered', number: 1, drink: 'Tea' })
  expect(await ann.next()).toEqual({ type: 'ordered', number: 2, drink: 'Coffee' })
  expect(await bo.nextIsNothing()).toBe(true)
})

test('an upload is counted, digested, and slowed down to the speed of the server', async () => {
  const { ann } = await openPair()
  const bytes = randomBytes(2_000_000)
  const startedAt = performance.now()
  ann.say({ type: 'upload', size: bytes.length })
  for (let at = 0; at < bytes.length; at += 65_536) ann.say(bytes.subarray(at, at + 65_536))
  let received = 0
  for (let frame = await ann.next(); frame.type !== 'uploaded'; frame = await ann.next()) {
    expect(frame).toMatchObject({ type: 'uploading' })
    expect(frame['received']).toBeGreaterThan(received)
    received = frame['received'] as number
    if (received < bytes.length) continue
    const digest = createHash('sha256').update(bytes).digest('hex')
    expect(await ann.next()).toEqual({ type: 'uploaded', size: bytes.length, digest })
    break
  }
  expect(performance.now() - startedAt).toBeGreaterThan(300)
})

test.each([
  [{ type: 'upload', size: 0 }],
  [{ type: 'upload', size: 33_554_433 }],
  [{ type: 'upload', size: 1.5 }],
  [{ type: 'upload' }],
  [Buffer.from('bytes')],
  [{ type: 'order', drink: '__proto__' }],
  [{ type: 'order' }],
  [{ type: 'price', symbol: 'KELP', price: '1' }],
  [{ type: 'price', symbol: 'NONE', price: 1 }],
  [{ type: 'cursor', x: -1, y: 0 }],
  [{ type: 'cursor', x: 0 }],
  [{ type: 'constructor' }],
  ['not JSON'],
  ['[]'],
  ['null'],
  [''],
])('%j is answered by an error, and the connection is kept', async (frame) => {
  const { ann } = await openPair()
  ann.say(frame)
  expect(await ann.next()).toEqual({ type: 'error', message: expect.any(String) })
  expect(await ann.nextIsNothing()).toBe(true)
})

test('more bytes than announced end the upload', async () => {
  const { ann } = await openPair()
  ann.say({ type: 'upload', size: 3 }, Buffer.from('four'), Buffer.from('abc'))
  expect(await ann.next()).toEqual({ type: 'error', message: 'more bytes than announced' })
  expect(await ann.next()).toEqual({ type: 'error', message: 'bytes without an upload' })
})

test('a page of another host may not connect', async () => {
  const { host } = await openWhole()
  const dialed = dial(`ws://${host}/scenes`, { headers: { origin: 'https://evil.example' } })
  await expect(dialed).rejects.toThrow('403')
})
