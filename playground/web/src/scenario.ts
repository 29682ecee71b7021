import type { Trouble } from '../../trouble.ts'
import { troubles } from '../../trouble.ts'

/** The wire of the phones. */
export type ChatWire = 'plain' | 'session'

/** A fault that a URL can name: what a button of the page does. */
export type Fault = Trouble | 'offline' | 'plug'

/** What the URL of the page asks for, as `?wire=plain&break=close&code=4403`. */
export interface Scenario {
  readonly wire: ChatWire
  /** The room that others are in; without one, the page has a room of its own with two phones in it. */
  readonly room: string | undefined
  readonly fault: Fault | undefined
  /** The close code of the fault `close`. */
  readonly code: string | undefined
  /** Whether the plain WebSocket is shown beside the phones. */
  readonly compares: boolean
}

export function readScenario(search: string): Scenario {
  const query = new URLSearchParams(search)
  const fault = query.get('break') ?? ''
  return {
    wire: query.get('wire') === 'plain' ? 'plain' : 'session',
    room: query.get('room') ?? undefined,
    fault: isFault(fault) ? fault : undefined,
    code: query.get('code') ?? undefined,
    compares: query.has('compare'),
  }
}

/** Puts a part of the scenario into the URL, so that a copy of it shows the same; `undefined` removes it. */
export function noteInUrl(changes: Readonly<Record<string, string | undefined>>): void {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  history.replaceState(null, '', url)
}

function isFault(text: string): text is Fault {
  return text === 'offline' || text === 'plug' || Object.hasOwn(troubles, text)
}
