// The page of several nodes: counts what it publishes and receives, and offers to drain and to kill nodes.
const { channel, countdown, createClient, session } = Holdfast

const client = createClient({ url: '/ws', wire: session(), backoff: { maxDelay: 2_000 } })
const room = channel(client, 'room:demo')
// Without a secure context there is no `randomUUID`.
const page = crypto.getRandomValues(new Uint32Array(2)).join('')
const retry = countdown(client)
/** How often each number of this page was received. */
const own = new Map()
const labels = {
  published: 'Published',
  received: 'Received once',
  doubled: 'Received twice',
  gaps: 'Gaps',
  moved: 'Session moved',
  lost: 'Session lost',
  recovered: 'Channel recovered',
  members: 'Pages here',
}
/** Counts that are to stay 0. */
const faults = ['doubled', 'gaps']
const counts = Object.fromEntries(Object.keys(labels).map((id) => [id, 0]))
const elements = new Map()
let node = ''
let hasSession = false

function make(tag, textContent, ...children) {
  const element = Object.assign(document.createElement(tag), { textContent })
  element.append(...children)
  return element
}

for (const [id, label] of Object.entries(labels)) {
  const value = make('dd', '0')
  const pair = make('div', '', make('dt', label), value)
  elements.set(id, { pair, value })
  document.getElementById('counts').append(pair)
}

function show() {
  for (const [id, { pair, value }] of elements) {
    value.textContent = counts[id].toLocaleString('en')
    pair.classList.toggle('is-fault', faults.includes(id) && counts[id] > 0)
  }
  const { status } = client.state
  const isOpen = status === 'open'
  const waits = retry.state ? `No connection, next attempt in ${retry.state} s` : 'Connecting …'
  const text = isOpen ? `Connected to ${node}` : waits
  const line = document.getElementById('status')
  // A screen reader reads out every change.
  if (line.textContent !== text) line.textContent = text
  for (const item of document.getElementById('nodes').children) {
    const isHere = isOpen && item.dataset.name === node
    item.toggleAttribute('aria-current', isHere)
    item.querySelector('span').textContent = isHere ? 'This page is here' : ''
  }
}

/** Publishes until it succeeds, under the same id, so that it is published once. */
async function publish(number) {
  const id = `${page} ${number}`
  for (;;) {
    try {
      await room.publish('tick', [page, number], { id })
      counts.published++
      return show()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function makeNode(name) {
  const buttons = ['drain', 'kill'].map((action) => {
    const button = make('button', action === 'drain' ? 'Drain' : 'Kill')
    button.type = 'button'
    button.ariaLabel = `${button.textContent} ${name}`
    button.addEventListener('click', () => {
      button.disabled = true
      void fetch(`/nodes/${action}?name=${encodeURIComponent(name)}`, { method: 'POST' })
    })
    return button
  })
  const item = make('li', '', make('strong', name), make('span', ''), make('div', '', ...buttons))
  item.dataset.name = name
  return item
}

/** Keeps the elements of nodes that stay, and with them the focus. */
async function listNodes() {
  const names = await (await fetch('/nodes')).json()
  const list = document.getElementById('nodes')
  const shown = new Map([...list.children].map((item) => [item.dataset.name, item]))
  for (const [name, item] of shown) if (!names.includes(name)) item.remove()
  for (const name of names) if (!shown.has(name)) list.append(makeNode(name))
  show()
}

client.on('node', (name) => {
  if (hasSession && name !== node) counts.moved++
  hasSession = true
  node = name
  show()
})
client.subscribe(show)
retry.subscribe(show)
client.watch('lost', () => {
  hasSession = false
  counts.lost++
})
room.on('tick', ([from, number]) => {
  if (from !== page) return
  const times = (own.get(number) ?? 0) + 1
  own.set(number, times)
  if (times === 1) counts.received++
  else counts.doubled++
  show()
})
room.watch('recovered', () => counts.recovered++)
room.watch('gap', () => counts.gaps++)
room.presence.subscribe(() => {
  counts.members = room.presence.state.members.length
  show()
})
document.getElementById('add').addEventListener('click', () => void fetch('/nodes/add', { method: 'POST' }))

void client.connect()
show()
let number = 0
setInterval(() => void publish(number++), 250)
function refresh() {
  listNodes().catch(() => {})
}
setInterval(refresh, 500)
refresh()
