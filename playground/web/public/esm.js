import { createClient, ping, plain } from './lib/index.js'

const status = document.getElementById('status')
const log = document.getElementById('log')
const input = document.getElementById('message')

const client = createClient({
  url: '/ws',
  wire: plain({
    greet: () => JSON.stringify({ type: 'join', name: 'Module' }),
    greeted: ({ type }) => type === 'welcome',
    heartbeat: ping({ message: '{"type":"ping"}', isReply: ({ type }) => type === 'pong', interval: 5_000 }),
  }),
})

const show = (text) => {
  const entry = document.createElement('li')
  entry.textContent = text
  log.append(entry)
  return entry
}
client.on('chat', ({ name, message }) => show(`${name}: ${message}`))
client.subscribe(() => {
  const { status: now, cause } = client.state
  status.textContent = cause ? `${now}: ${cause.reason}` : now
})
document.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault()
  const message = input.value.trim()
  input.value = ''
  if (message === '') return
  const entry = show(`You: ${message} (waits)`)
  void client.send('chat', { message }).then((outcome) => {
    entry.textContent = `You: ${message} (${outcome.status})`
  })
})
void client.connect()
