import { lobby } from '../../contract.ts'
import { find } from './dom.ts'
import { createLab } from './lab/lab.ts'
import { createMore } from './lab/more.ts'
import { createNameDialog, storedName } from './name.ts'
import { createNetwork } from './network.ts'
import { createPhone, type Phone } from './phone.ts'
import { readScenario } from './scenario.ts'
import { createShow } from './show/show.ts'

const defaultNames = { left: 'Ann', right: 'Bo', guest: 'Guest' } as const

// Identifies the page in requests for faults. Other pages cannot guess it.
const page = crypto.getRandomValues(new BigUint64Array(2)).join('')
const scenario = readScenario(location.search)
const { wire, compares } = scenario
const network = createNetwork()

/** Guests are in a room with other pages; a page without a room has one of its own, with two phones in it. */
const isGuest = scenario.room !== undefined
const room = scenario.room ?? crypto.randomUUID?.().slice(0, 8) ?? page.slice(0, 8)
const open = (id: string, phonePage: string, name: string): Phone =>
  createPhone(find(id, HTMLElement), { wire, page: phonePage, room, name, WebSocket: network.WebSocket })

const left = open('phone-left', page, storedName() || (isGuest ? defaultNames.guest : defaultNames.left))
const right = isGuest ? undefined : open('phone-right', `${page}-right`, defaultNames.right)
document.body.classList.toggle('is-guest', isGuest)
showWire()

const plug =
  right &&
  createShow(
    { left, right },
    { phone: page, plain: { left: `${page}-plain`, right: `${page}-plain-right` } },
    { compares, talks: true },
  )
createLab({ phone: left, page, network, scenario, plug, others: right ? [right.client] : [] })
createMore(page, network, () => left.name)

const dialog = createNameDialog(
  () => left.name,
  (name) => {
    left.rename(name)
    left.focus()
  },
)
find('rename', HTMLButtonElement).addEventListener('click', dialog.open)
find('invite', HTMLAnchorElement).href = `?${new URLSearchParams({ room, wire })}`
find('lobby', HTMLAnchorElement).href = `?${new URLSearchParams({ room: lobby, wire })}`

const phones = right ? [left, right] : [left]
// A page that is closed disconnects, so that it does not stay in the room until the session has expired. It listens
// before the client does, which only leaves.
window.addEventListener('pagehide', ({ persisted }) => {
  if (!persisted) for (const { client } of phones) void client.disconnect()
})
for (const { client } of phones) void client.connect()

/** Choosing another wire loads the page again. */
function showWire(): void {
  for (const choice of ['session', 'plain'] as const) {
    const link = find(`wire-${choice}`, HTMLAnchorElement)
    const query = new URLSearchParams(location.search)
    query.set('wire', choice)
    link.href = `?${query}`
    if (choice === wire) link.ariaCurrent = 'page'
  }
}
