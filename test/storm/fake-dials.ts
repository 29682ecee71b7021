import { vi } from 'vitest'

/** A socket that a test opens and ends, of any library that takes the constructor of one. */
export class DialedSocket extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  /** All that were dialed, in order. */
  static dials: DialedSocket[] = []

  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly bufferedAmount = 0
  readonly protocol = 'graphql-transport-ws'
  binaryType = 'blob'
  readyState = 0
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: Event) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  onclose: ((event: Event) => void) | null = null

  constructor() {
    super()
    DialedSocket.dials.push(this)
  }

  send(): void {}
  close(): void {
    this.readyState = 3
  }
  open(): void {
    this.readyState = 1
    this.#emit(new Event('open'))
  }
  message(data: string): void {
    this.#emit(new MessageEvent('message', { data }))
  }
  refuse(): void {
    this.readyState = 3
    this.#emit(new Event('error'))
    this.#emit(new CloseEvent('close', { code: 1006 }))
  }
  end(code: number): void {
    this.readyState = 3
    this.#emit(new CloseEvent('close', { code }))
  }

  #emit(event: Event): void {
    const handler = this[`on${event.type}` as 'onopen' | 'onmessage' | 'onerror' | 'onclose']
    handler?.(event)
    this.dispatchEvent(event)
  }
}

/** How a library is started, and what its server says when a connection has opened. */
export interface Library {
  start(): Promise<void> | void
  readonly greeting?: string
}

/**
 * How long a library waits before each dial, in milliseconds, after a connection of ten seconds was lost and while no dial
 * succeeds; undefined when it does not dial any more. Runs on fake timers.
 */
export async function measureDelays(
  library: Library,
  fate: 'refuse' | 'close',
  count: number,
): Promise<(number | undefined)[]> {
  DialedSocket.dials = []
  await library.start()
  await nextDial(0)
  const [first] = DialedSocket.dials
  first!.open()
  if (library.greeting) first!.message(library.greeting)
  await vi.advanceTimersByTimeAsync(10_000)
  first!.end(1006)

  const delays: (number | undefined)[] = []
  for (let dial = 1; dial <= count; dial++) {
    const delay = await nextDial(dial)
    delays.push(delay)
    if (delay === undefined) break
    const socket = DialedSocket.dials[dial]!
    if (fate === 'refuse') socket.refuse()
    else {
      socket.open()
      socket.end(1013)
    }
  }
  return delays
}

/** Lets time pass until there are more dials than so many, a minute at most, and returns how long that took. */
async function nextDial(known: number): Promise<number | undefined> {
  const from = Date.now()
  await vi.advanceTimersByTimeAsync(0)
  while (DialedSocket.dials.length <= known) {
    if (vi.getTimerCount() === 0 || Date.now() - from > 60_000) return undefined
    await vi.advanceTimersToNextTimerAsync()
  }
  return Date.now() - from
}
