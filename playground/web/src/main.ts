import { createChatClient } from './client.ts'
import { createComposer } from './composer.ts'
import { find, quote } from './dom.ts'
import { createLog } from './log.ts'
import { createNameDialog, storedName } from './name.ts'
import { createNetwork } from './network.ts'
import { createOnline } from './online.ts'
import { describeLoss } from './status-text.ts'
import { createStatus } from './status.ts'
import { createTools } from './tools.ts'
import { createTyping } from './typing.ts'
import { chosenWire, showWire } from './wire.ts'

// Identifies the page in requests for faults. Other pages cannot guess it.
const page = crypto.getRandomValues(new BigUint64Array(2)).join('')
const wire = chosenWire()
let name = storedName()
let downAt: number | undefined

const network = createNetwork()
const client = createChatClient(wire, page, network.WebSocket, () => name)
const log = createLog()
const online = createOnline()
const typing = createTyping()
const composer = createComposer(client, log)
showWire(wire)
createStatus(client, page)
createTools(client, network, page, () => name)

client.on('welcome', ({ others, ...self }) => online.reset(self, others))
client.on('joined', (person) => {
  const before = online.add(person)
  if (before === undefined) log.notice(quote(person.name), ' joined')
  else if (before !== person.name) log.notice(quote(before), ' is now called ', quote(person.name))
})
client.on('left', (person) => {
  online.remove(person)
  typing.stopped(person)
  log.notice(quote(person.name), ' left')
})
client.on('chat', (message) => {
  typing.stopped(message)
  log.theirs(message)
})
client.on('typing', typing.started)
client.on('error', ({ message }) => log.notice(`The server could not use a message: ${message}`))
client.watch('invalid', ({ reason }) => log.notice(`Something came in that makes no sense: ${reason}`))
client.watch('unhandled', (message) =>
  log.notice(`Nothing here listens to ${message.name ?? 'what is not an event'}`),
)

client.watch('down', () => {
  downAt ??= Date.now()
  typing.clear()
  // A session delivers missed joins and leaves afterwards.
  if (wire === 'plain') online.clear()
})
client.watch('lost', (loss) => {
  online.clear()
  log.notice(`The session was lost, because ${describeLoss(loss)}.`)
})
client.watch('open', ({ resumed, replayed }) => {
  if (downAt === undefined) return
  const seconds = ((Date.now() - downAt) / 1_000).toFixed(1)
  downAt = undefined
  const back = `Back after ${seconds} s.`
  if (resumed) log.notice(`${back} The session goes on, and nothing is missing. Written again: ${replayed}.`)
  else if (wire === 'plain')
    log.notice(`${back} What others said meanwhile is not here: a plain server does not repeat it.`)
  else log.notice(`${back} This is a new session.`)
})
// A page that is closed disconnects, so that it does not stay in the room until the session has expired.
window.addEventListener('pagehide', ({ persisted }) => persisted || void client.disconnect())

const sayName = (chosen: string): void => {
  name = chosen
  if (client.state.status === 'idle') void client.connect()
  // Replaces a queued name. A new connection sends the name anyway, in its greeting.
  else client.send('join', { name }, { key: 'name' })
  composer.focus()
}
const dialog = createNameDialog(() => name, sayName)
find('rename', HTMLButtonElement).addEventListener('click', dialog.open)

if (name === '') dialog.open()
else void client.connect()
