// Some of the clients of the deploy that `moves.ts` measures: each sends a number now and then, and notes what it gets.
import { createClient, session } from 'holdfast'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import type { Way } from './deploy-server.ts'
import { tell } from './child.ts'

/** What the clients saw. */
export interface ClientsReport {
  /** How many numbers each client sent. */
  readonly sent: readonly number[]
  /** By client, what it got, as `<process> <number>`. */
  readonly got: readonly (readonly string[])[]
  /** When clients dialed, in milliseconds since the epoch. */
  readonly dials: readonly number[]
  /** How many connections began another session than the one before. */
  readonly lost: number
  /** How many went on with theirs. */
  readonly resumed: number
  /** How many numbers came more than a second after they were sent. */
  readonly late: number
}

/** The name of the first client is `c<first>`. Each sends once in so many seconds. */
const [way, url, first, count, period] = process.argv.slice(2) as [Way, string, string, string, string]
const dials: number[] = []
const counts = { open: 0, lost: 0, resumed: 0, late: 0 }
const all = Array.from({ length: Number(count) }, (_, index) => ({
  name: `c${Number(first) + index}`,
  sent: 0,
  got: [] as string[],
}))
type Subject = (typeof all)[number]

/** Counts the dials of a library that makes its sockets itself. */
class CountedSocket extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args)
    dials.push(Date.now())
  }
}

const sends: (() => void)[] = []
// Not all at once, because that is not what is measured.
for (const [index, subject] of all.entries()) {
  sends.push(way === 'holdfast' ? openOurs(subject) : openSocketIo(subject))
  if (index % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 100))
}
while (counts.open < all.length) await new Promise((resolve) => setTimeout(resolve, 50))
let turn = 0
const turns = 10 * Number(period)
const timer = setInterval(() => {
  turn++
  for (let index = turn % turns; index < sends.length; index += turns) sends[index]!()
}, 100)
tell('open')
process.on('message', (order) => {
  if (order === 'open') return tell(counts.open)
  clearInterval(timer)
  if (order === 'quiet') return tell('quiet')
  const [sent, got] = [all.map((each) => each.sent), all.map((each) => each.got)]
  tell({ sent, got, dials, ...counts } satisfies ClientsReport & typeof counts)
})

function note(
  subject: Subject,
  [node, number, sentAt]: readonly [node: number, number: number, sentAt: number],
): void {
  subject.got.push(`${node} ${number}`)
  if (Date.now() - sentAt > 1_000) counts.late++
}

function openOurs(subject: Subject): () => void {
  const client = createClient({
    url,
    wire: session(),
    token: () => subject.name,
    WebSocket: CountedSocket,
  })
  client.on('number', (data) => note(subject, data as never))
  let opens = 0
  client.watch('open', ({ resumed }) => {
    counts.open++
    if (opens++ > 0) counts[resumed ? 'resumed' : 'lost']++
  })
  client.watch('down', () => counts.open--)
  void client.connect()
  return () => void client.send('number', [subject.sent++, Date.now()])
}

function openSocketIo(subject: Subject): () => void {
  const { origin, pathname: path } = new URL(url)
  const socket = io(origin, {
    path,
    transports: ['websocket'],
    forceNew: true,
    auth: { client: subject.name },
  })
  socket.on('number', (data: readonly [number, number, number]) => note(subject, data))
  socket.io.on('reconnect_attempt', () => dials.push(Date.now()))
  let opens = 0
  socket.on('connect', () => {
    counts.open++
    if (opens++ > 0) counts[socket.recovered ? 'resumed' : 'lost']++
  })
  socket.on('disconnect', () => counts.open--)
  return () => void socket.emit('number', [subject.sent++, Date.now()])
}
