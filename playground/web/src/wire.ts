import { find } from './dom.ts'

/** The wire of the chat. */
export type ChatWire = 'plain' | 'session'

const storageKey = 'holdfast-playground-wire'

/** Returns the wire that the URL names, as `?wire=session`, or else the one of the last visit. */
export function chosenWire(): ChatWire {
  const named = new URLSearchParams(location.search).get('wire')
  const wire = (named ?? stored()) === 'session' ? 'session' : 'plain'
  if (named !== null) store(wire)
  return wire
}

/** Shows the choice. Choosing another wire loads another page. */
export function showWire(wire: ChatWire): void {
  find(`wire-${wire}`, HTMLAnchorElement).ariaCurrent = 'page'
}

function stored(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null // Storage is blocked.
  }
}

function store(wire: ChatWire): void {
  try {
    localStorage.setItem(storageKey, wire)
  } catch {
    // Storage is blocked: the choice stays in the URL.
  }
}
