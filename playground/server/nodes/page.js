// The page of several nodes: counts what it publishes and receives, and offers to drain and to kill nodes.
const { channel, createClient, session } = Holdfast

const client = createClient({ url: '/ws', wire: session() })
const room = channel(client, 'room:demo')
const page = crypto.randomUUID()
/** @type {Map<string, number>} How often each publication of this page was received. */
const own = new Map()
const counts = { published: 0, received: 0, doubled: 0, moved: 0, lost: 0, recovered: 0, gaps: 0, members: 0 }
let node = ''
let hasSession = false

function show() {
  for (const [id, count] of Object.entries(counts)) document.getElementById(id).textContent = String(count)
  document.getElementById('status').textContent =
    client.state.status === 'open' ? `connected to ${node}` : client.state.status
}

/** Publishes until it succeeds, under the same id, so that it is published once. */
async function publish(number) {
  const id = `${page.slice(0, 8)} ${number}`
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

async function listNodes() {
  const names = await (await fetch('/nodes')).json()
  const list = document.getElementById('nodes')
  if (list.dataset.names === names.join()) return
  list.dataset.names = names.join()
  list.replaceChildren(
    ...names.map((name) => {
      const item = document.createElement('li')
      for (const action of ['drain', 'kill']) {
        const button = Object.assign(document.createElement('button'), { textContent: `${action} ${name}` })
        button.onclick = () => fetch(`/nodes/${action}?name=${encodeURIComponent(name)}`, { method: 'POST' })
        item.append(button, ' ')
      }
      return item
    }),
  )
}

client.on('node', (name) => {
  if (hasSession && name !== node) counts.moved++
  hasSession = true
  node = name
  show()
})
client.subscribe(show)
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
document.getElementById('add').onclick = () => fetch('/nodes/add', { method: 'POST' })

void client.connect()
let number = 0
setInterval(() => void publish(number++), 250)
setInterval(() => void listNodes().catch(() => {}), 500)
