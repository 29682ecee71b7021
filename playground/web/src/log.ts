import type { Delivery, Outcome } from 'holdfast'
import type { Chat } from '../../contract.ts'
import { make, part } from './dom.ts'
import { createBurst } from './burst.ts'
import { avatar } from './online.ts'

const mostEntries = 500
/** In pixels. */
const nearEnd = 80
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** The conversation as this page knows it. */
export interface Log {
  /** A message of another participant, at the time of the server. */
  theirs(message: Chat['toClient']['chat']): void
  /** A message of this page, which always shows the current state of its delivery. */
  own(text: string, delivery: Delivery): void
  notice(...text: readonly (Node | string)[]): void
}

export function createLog(scroller: HTMLElement): Log {
  const list = part(scroller, 'ol', HTMLOListElement)
  let lastAuthor: string | undefined
  let follows = true
  const burst = createBurst()

  const append = (entry: HTMLElement, author: string | undefined, follow: boolean): void => {
    if (author !== undefined && author === lastAuthor) entry.classList.add('continued')
    lastAuthor = author
    list.append(entry)
    if (list.childElementCount > mostEntries) list.firstElementChild?.remove()
    if (follow) follows = true
    scrollOn()
  }
  const scrollOn = (): void => {
    if (follows) scroller.scrollTop = scroller.scrollHeight
  }
  scroller.addEventListener('scroll', () => {
    follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearEnd
  })
  // A window that changes its size wraps the messages differently.
  new ResizeObserver(scrollOn).observe(scroller)

  return {
    theirs({ id, name, message, at }) {
      const bubble = make('div', 'bubble', byline(name), text(message), make('p', 'meta', time(at)))
      const entry = make('li', 'message theirs', avatar(name), bubble)
      entry.style.setProperty('--burst', String(burst()))
      append(entry, id, false)
    },

    own(message, delivery) {
      const cancel = make('button', 'link', 'Cancel')
      cancel.type = 'button'
      cancel.addEventListener('click', () => delivery.cancel())
      const meta = make('p', 'meta', 'Waits ', cancel)
      const entry = make('li', 'message own', make('div', 'bubble', text(message), meta))
      entry.dataset['state'] = 'pending'
      append(entry, 'own', true)

      void delivery.then((outcome) => {
        if (cancel === document.activeElement) scroller.focus()
        entry.dataset['state'] = outcome.status
        meta.replaceChildren(...explain(outcome))
      })
    },

    notice: (...children) => append(make('li', 'notice', ...children), undefined, false),
  }
}

function byline(name: string): HTMLElement {
  const element = make('p', 'author', name)
  element.dir = 'auto'
  return element
}

function text(message: string): HTMLElement {
  const element = make('p', 'text', message)
  element.dir = 'auto'
  return element
}

function time(at: number): HTMLTimeElement {
  const element = make('time', '', timeFormat.format(at))
  element.dateTime = new Date(at).toISOString()
  element.title = fullFormat.format(at)
  return element
}

function explain(outcome: Outcome): (Node | string)[] {
  switch (outcome.status) {
    case 'delivered':
      return [hint('Delivered ', 'The server has acknowledged that its handlers got it.'), time(Date.now())]
    case 'sent':
      return [
        hint('Sent ', 'Handed to the socket. A plain server does not confirm more than that.'),
        time(Date.now()),
      ]
    case 'undelivered':
      return [
        hint(
          `Not delivered: ${outcome.reason}`,
          'The server certainly did not get it, so it can be sent again.',
        ),
      ]
    case 'unknown':
      return [
        hint(
          'May or may not have arrived',
          `It was written, and the session ended before the server acknowledged it (${outcome.reason}).`,
        ),
      ]
  }
}

function hint(words: string, title: string): HTMLElement {
  const element = make('span', '', words)
  element.title = title
  return element
}
