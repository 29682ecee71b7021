import { urlOf } from '../client.ts'
import { find, make, part } from '../dom.ts'
import { avatar } from '../online.ts'
import { addCounts, createLedger, type Counts, type Entry } from './ledger.ts'
import { createPlainPhone, type PlainPhone } from './plain-phone.ts'
import type { Side } from './talk.ts'

/** The same conversation and the same cuts, on two native WebSockets and the plain server. */
export interface PlainLane {
  readonly counts: Counts
  /** Sends what a phone has sent, too. */
  say(side: Side, text: string): void
  connect(): void
  /** Connects the left one again, and finds out what has not arrived and does not arrive any more. */
  settle(): Promise<void>
}

const other = { left: 'right', right: 'left' } as const
const longestWait = 10_000

export function createPlainLane(
  pages: Readonly<Record<Side, string>>,
  names: Readonly<Record<Side, string>>,
  changed: () => void,
): PlainLane {
  const ledgers = { left: createLedger(), right: createLedger() }
  const shown = new Map<Entry, HTMLElement>()
  const lists = { left: listOf('plain-left', names.left), right: listOf('plain-right', names.right) }
  const openings: Record<Side, (() => void) | undefined> = { left: undefined, right: undefined }

  const render = (): void => {
    for (const [entry, element] of shown) {
      const isLost = entry.state === 'lost'
      element.dataset['state'] = isLost ? 'undelivered' : 'sent'
      part(element, '.meta', HTMLElement).textContent = isLost ? 'Lost, silently' : 'Sent'
      if (entry.state === 'arrived') shown.delete(entry)
    }
    changed()
  }
  const phone = (side: Side): PlainPhone =>
    createPlainPhone({
      url: urlOf('/ws', { page: pages[side], room: `${pages.left}-plain` }),
      name: names[side],
      key: `${pages[side]}-plain`,
      received({ message, name }) {
        ledgers[other[side]].arrived(message)
        append(lists[side], 'theirs', message, name)
        render()
      },
      changed(isOpen) {
        lists[side].parentElement?.classList.toggle('is-open', isOpen)
        if (isOpen) openings[side]?.()
      },
    })
  const phones = { left: phone('left'), right: phone('right') }

  return {
    get counts() {
      return addCounts(ledgers.left.counts, ledgers.right.counts)
    },
    say(side, text) {
      const entry = ledgers[side].sent(text)
      shown.set(entry, append(lists[side], 'own', text))
      if (!phones[side].send(text)) ledgers[side].lose(entry)
      render()
    },
    connect() {
      phones.left.connect()
      phones.right.connect()
    },
    async settle() {
      const sent = { left: ledgers.left.entries.length, right: ledgers.right.entries.length }
      await opened((isOpen) => {
        openings.left = isOpen
        phones.left.connect()
      })
      // The server has read all that either has sent, and then each has received all that the server has sent.
      for (let round = 0; round < 2; round++)
        await Promise.all([phones.left.settled(), phones.right.settled()])
      for (const side of ['left', 'right'] as const) ledgers[side].settle(sent[side])
      render()
    },
  }
}

function opened(listen: (isOpen: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    listen(resolve)
    setTimeout(() => reject(new Error('The socket does not open.')), longestWait)
  })
}

function listOf(id: string, name: string): HTMLElement {
  const element = find(id, HTMLElement)
  part(element, '.phone-name', HTMLElement).textContent = name
  part(element, '.phone-face', HTMLElement).replaceChildren(avatar(name))
  return part(element, '.log', HTMLElement)
}

function append(scroller: HTMLElement, kind: 'own' | 'theirs', text: string, name?: string): HTMLElement {
  const line = make('p', 'text', text)
  line.dir = 'auto'
  const bubble = make('div', 'bubble', line)
  const entry = make('li', `message ${kind}`, ...(name === undefined ? [] : [avatar(name)]), bubble)
  if (kind === 'own') bubble.append(make('p', 'meta', 'Sent'))
  part(scroller, 'ol', HTMLOListElement).append(entry)
  scroller.scrollTop = scroller.scrollHeight
  return entry
}
