import { createClient, session, type Client, type Loss, type Resumption } from 'holdfast'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Chat } from '../../playground/contract.ts'
import type { Flood } from '../../playground/trouble.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { dial, join } from './peer.ts'
import { openWhole } from './whole.ts'

expectNothingLeft()

interface Visitor {
  readonly client: Client<Chat & Flood>
  /** All that came in, by name. */
  readonly heard: (readonly [name: string, data: unknown])[]
  readonly opens: Resumption[]
  readonly losses: Loss[]
}

/** A client on the session wire, as the page's is. */
async function visit(host: string, name: string, more = ''): Promise<Visitor> {
  const client = createClient<Chat & Flood>({
    url: `ws://${host}/session?page=${name}${more}`,
    WebSocket,
    wire: session(),
    token: () => name,
    backoff: () => 50,
  })
  onTestFinished(() => client.dispose())
  const visitor: Visitor = { client, heard: [], opens: [], losses: [] }
  client.onAny((event, data) => visitor.heard.push([event, data]))
  client.watch('open', ({ resumed, replayed }) => visitor.opens.push({ resumed, replayed }))
  client.watch('lost', (loss) => visitor.losses.push(loss))
  await client.connect()
  await expect.poll(() => visitor.heard.length).toBeGreaterThan(0)
  return visitor
}

/** The messages that came in, each with its author. */
function chats({ heard }: Visitor): string[] {
  return heard.flatMap(([name, data]) => {
    const { name: author, message } = data as Chat['toClient']['chat']
    return name === 'chat' ? [`${author}: ${message}`] : []
  })
}

test('participants on both wires share one room', async () => {
  const { host } = await openWhole()
  const ann = await visit(host, 'Ann')
  const bo = await dial(`ws://${host}/ws`)
  bo.say({ type: 'join', name: 'Ann' })
  expect(await bo.next()).toMatchObject({ type: 'welcome', name: 'Ann 2', others: [{ name: 'Ann' }] })
  await expect.poll(() => ann.heard.at(-1)).toMatchObject(['joined', { name: 'Ann 2' }])

  bo.say({ type: 'chat', message: 'from the plain wire' }, { type: 'typing' })
  await expect.poll(() => ann.heard.at(-1)).toMatchObject(['typing', { name: 'Ann 2' }])
  expect(chats(ann)).toEqual(['Ann 2: from the plain wire'])
  expect(await ann.client.send('chat', { message: 'from a session' })).toEqual({ status: 'delivered' })
  expect(await bo.next()).toMatchObject({ type: 'chat', name: 'Ann', message: 'from a session' })

  ann.client.send('join', { name: 'Anna' })
  expect(await bo.next()).toMatchObject({ type: 'joined', name: 'Anna' })
  await ann.client.disconnect()
  expect(await bo.next(), 'who says goodbye is gone at once').toMatchObject({ type: 'left', name: 'Anna' })
})

test('participants of one room receive nothing of another, on either wire', async () => {
  const { host } = await openWhole()
  const [ann, bo] = await Promise.all(['Ann', 'Bo'].map((name) => visit(host, name, `&room=${name}`)))
  const guest = await dial(`ws://${host}/ws?room=Ann`)
  guest.say({ type: 'join', name: 'Ann' })
  expect(await guest.next()).toMatchObject({ type: 'welcome', name: 'Ann 2', others: [{ name: 'Ann' }] })
  const stranger = await join(`ws://${host}/ws`, 'Ann')

  guest.say({ type: 'chat', message: 'to the room of Ann' })
  ann!.client.send('join', { name: 'Anna' })
  expect(await guest.next(), 'a new name changes no room').toMatchObject({ type: 'joined', name: 'Anna' })
  await expect.poll(() => chats(ann!)).toEqual(['Ann 2: to the room of Ann'])
  expect(await stranger.nextIsNothing()).toBe(true)
  bo!.client.send('ping', undefined)
  await expect.poll(() => bo!.heard.map(([name]) => name)).toEqual(['welcome', 'pong'])
})

test('a participant that is cut off stays in the room, and no message is missing afterwards on either side', async () => {
  const { host } = await openWhole({ cutDuration: 300 })
  const ann = await visit(host, 'Ann')
  const bo = await join(`ws://${host}/ws`, 'Bo')
  const down = new Promise((resolve) => ann.client.watch('down', resolve))
  await fetch(`http://${host}/cut?page=Ann`, { method: 'POST' })
  await down
  const deliveries = ['one', 'two'].map((message) => ann.client.send('chat', { message }))
  bo.say({ type: 'chat', message: 'are you there?' })
  expect(await Promise.all(deliveries)).toEqual([{ status: 'delivered' }, { status: 'delivered' }])
  expect(await bo.heardUpTo('two')).toEqual(['one', 'two'])
  await expect.poll(() => chats(ann)).toEqual(['Bo: are you there?'])
  expect(ann.opens.at(-1)).toMatchObject({ resumed: true })
  expect(ann.losses).toEqual([])
})

test('a restart loses the session: messages in flight are unknown, and queued messages are sent', async () => {
  const { host, trouble } = await openWhole()
  const ann = await visit(host, 'Ann')
  await trouble('slow', '?page=Ann') // So that the message is under way for a second.
  const underWay = ann.client.send('chat', { message: 'under way' })
  await expect.poll(() => ann.client.stats().unacknowledgedMessages).toBe(1)
  const down = new Promise((resolve) => ann.client.watch('down', resolve))
  expect(await trouble('restart', '?page=Ann')).toBe(204)
  await down
  const waited = ann.client.send('chat', { message: 'waited' })
  expect(await underWay).toEqual({ status: 'unknown', reason: 'session-lost' })
  expect(await waited).toEqual({ status: 'delivered' })
  expect(ann.losses).toEqual([{ why: 'unknown', missed: undefined, undelivered: 0, unknown: 1 }])
})

test('no message is unknown after a drain', async () => {
  const { host, trouble } = await openWhole()
  const ann = await visit(host, 'Ann')
  const bo = await join(`ws://${host}/ws`, 'Bo')
  expect(await trouble('drain', '?page=Ann')).toBe(204)
  const deliveries = ['one', 'two'].map((message) => ann.client.send('chat', { message }))
  await expect.poll(() => ann.losses).toMatchObject([{ why: 'drained', missed: 0, unknown: 0 }])
  expect(await Promise.all(deliveries)).toEqual([{ status: 'delivered' }, { status: 'delivered' }])
  expect(await bo.closed).toBe(1001)
})

test('a flood of 20,000 messages arrives complete and in order, one flood at a time', async () => {
  const { host, trouble } = await openWhole()
  const ann = await visit(host, 'Ann')
  const numbers: number[] = []
  const over = new Promise<void>((resolve) =>
    ann.client.on('flood', ({ number, of }) => {
      numbers.push(number)
      if (number === of) resolve()
    }),
  )
  const startedAt = performance.now()
  expect(await trouble('flood', '?page=Ann')).toBe(204)
  await over
  console.log(`A flood of 20,000 over a session: ${(performance.now() - startedAt).toFixed(0)} ms`)
  expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
  expect(ann.opens).toHaveLength(1)
})

test.each([
  ['chat', null, 'chat needs a message'],
  ['chat', { message: ' ' }, 'the message is empty'],
  ['chat', 'text', 'chat needs a message'],
  ['join', { name: 7 }, 'join needs a name'],
  ['__proto__', { type: 'chat', message: 'hi' }, 'unknown type'],
])('%s with %j is refused, and harms nobody', async (name, data, message) => {
  const { host } = await openWhole()
  const ann = await visit(host, 'Ann')
  const bo = await join(`ws://${host}/ws`, 'Bo')
  ann.client.send(name as 'chat', data as never)
  await expect.poll(() => ann.heard.at(-1)).toEqual(['error', { message }])
  expect(await bo.nextIsNothing()).toBe(true)
})
