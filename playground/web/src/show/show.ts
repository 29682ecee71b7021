import { find, setText } from '../dom.ts'
import { noteInUrl } from '../scenario.ts'
import type { Phone } from '../phone.ts'
import { createFlights } from './flights.ts'
import { addCounts, createLedger, type Counts, type Ledger } from './ledger.ts'
import { createPlainLane } from './plain-lane.ts'
import { createPlug, type Plug } from './plug.ts'
import { createTalk, type Side } from './talk.ts'
import { createVerdict } from './verdict.ts'

/** Which connections are cut: one of the phones, and the same of the plain WebSockets. */
export interface Pages {
  readonly phone: string
  readonly plain: Readonly<Record<Side, string>>
}

/** Two phones that chat, a plug between them, and the same on plain WebSockets. */
export function createShow(
  phones: Readonly<Record<Side, Phone>>,
  pages: Pages,
  { compares, talks }: { readonly compares: boolean; readonly talks: boolean },
): Plug {
  const ledgers = { left: createLedger(), right: createLedger() }
  const fly = createFlights(find('route', HTMLElement))
  const talk = createTalk((side, text) => phones[side].say(text))
  const names = { left: phones.left.name, right: phones.right.name }
  const plain = createPlainLane(pages.plain, names, () => render())
  const held = (): Counts => addCounts(ledgers.left.counts, ledgers.right.counts)
  const verdict = createVerdict(held, () => plain.counts)

  const render = (): void => {
    showWaiting(phones, ledgers)
    showCounts('counts-held', held())
    showCounts('counts-plain', plain.counts)
    verdict.update()
  }
  const plug = createPlug([pages.phone, pages.plain.left], {
    pulled() {
      verdict.pulled()
      if (talks) talk.unplug()
    },
    async pluggedIn() {
      verdict.pluggedIn()
      if (phones.left.client.state.status !== 'open') void phones.left.client.reconnect()
      await plain.settle().catch(() => {}) // Another fault was faster.
      verdict.settled()
      if (talks) talk.plugIn()
    },
  })
  // A server that has restarted does not know which pages are unplugged.
  phones.left.client.watch('open', () => plug.isPulled && plug.plugIn())

  for (const from of ['left', 'right'] as const)
    follow(phones, from, ledgers[from], {
      sent: (text) => plain.say(from, text),
      arrived: () => fly(from),
      changed: render,
    })
  setInterval(() => showWaiting(phones, ledgers), 100)
  createComparison(compares)
  render()
  plain.connect()
  if (talks) phones.right.client.once('welcome', talk.open)
  return plug
}

/** Counts the messages from one phone to the other. */
function follow(
  phones: Readonly<Record<Side, Phone>>,
  from: Side,
  ledger: Ledger,
  on: { sent(text: string): void; arrived(): void; changed(): void },
): void {
  phones[from].onSent((text, delivery) => {
    const entry = ledger.sent(text)
    on.sent(text)
    on.changed()
    void delivery.then(({ status }) => {
      // The sender knows about it, so it is not lost.
      if (status === 'undelivered' || status === 'unknown') ledger.withdraw(entry)
      on.changed()
    })
  })
  phones[from === 'left' ? 'right' : 'left'].client.on('chat', ({ name, message }) => {
    if (name !== phones[from].name) return
    ledger.arrived(message)
    on.arrived()
    on.changed()
  })
}

/** Where the messages wait that have not arrived: on the phone that sent them, or at the server. */
function showWaiting(phones: Readonly<Record<Side, Phone>>, ledgers: Readonly<Record<Side, Ledger>>): void {
  const onPhone = (side: Side): number => {
    const { queuedMessages, unacknowledgedMessages } = phones[side].client.stats()
    return Math.min(ledgers[side].counts.underWay, queuedMessages + unacknowledgedMessages)
  }
  const isDown = phones.left.client.state.status !== 'open'
  const atServer = ledgers.right.counts.underWay - onPhone('right')
  setText(find('waits-left', HTMLElement), isDown && onPhone('left') > 0 ? `${onPhone('left')} wait` : '')
  setText(
    find('waits-server', HTMLElement),
    isDown && atServer > 0 ? `${atServer} for ${phones.left.name}` : '',
  )
}

function showCounts(id: string, { sent, arrived, lost, twice, outOfOrder }: Counts): void {
  const row = find(id, HTMLTableRowElement)
  for (const [index, value] of [sent, arrived, lost, twice, outOfOrder].entries())
    setText(row.cells[index + 1]!, String(value))
  row.classList.toggle('has-lost', lost > 0)
}

function createComparison(isShown: boolean): void {
  const button = find('compare', HTMLButtonElement)
  const show = find('show', HTMLElement)
  const set = (compares: boolean): void => {
    show.classList.toggle('compares', compares)
    find('plain', HTMLElement).hidden = !compares
    button.ariaExpanded = String(compares)
    setText(button, compares ? 'Hide the plain WebSocket' : 'Show the same cut on a plain WebSocket')
  }
  button.addEventListener('click', () => {
    const compares = button.ariaExpanded !== 'true'
    set(compares)
    noteInUrl({ compare: compares ? '1' : undefined })
    // What was written while the logs were hidden is scrolled to.
    for (const log of find('plain', HTMLElement).querySelectorAll('.log')) log.scrollTop = log.scrollHeight
    if (compares) find('plain', HTMLElement).scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  })
  set(isShown)
}
