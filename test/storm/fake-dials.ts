import { FakeSocket } from '@holdfast/testing'
import { vi } from 'vitest'

/** A socket that a test opens and ends, of any library that takes the constructor of one. */
export class DialedSocket extends FakeSocket {
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
  readonly #target = new EventTarget()
  readonly addEventListener: EventTarget['addEventListener'] = (...how) =>
    this.#target.addEventListener(...how)
  readonly removeEventListener: EventTarget['removeEventListener'] = (...how) =>
    this.#target.removeEventListener(...how)

  constructor(url: string, protocols?: string[]) {
    super(url, protocols)
    DialedSocket.dials.push(this)
  }

  protected override emit(
    listener: ((event: never) => void) | null,
    { type, ...details }: CloseEventInit & MessageEventInit & { readonly type: string },
  ): void {
    const Kind = { close: CloseEvent, message: MessageEvent }[type] ?? Event
    const event = new Kind(type, details)
    super.emit(listener, event)
    this.#target.dispatchEvent(event)
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
  first!.opened('graphql-transport-ws')
  if (library.greeting) first!.received(library.greeting)
  await vi.advanceTimersByTimeAsync(10_000)
  first!.dropped()

  const delays: (number | undefined)[] = []
  for (let dial = 1; dial <= count; dial++) {
    const delay = await nextDial(dial)
    delays.push(delay)
    if (delay === undefined) break
    const socket = DialedSocket.dials[dial]!
    if (fate === 'refuse') socket.ended()
    else {
      socket.opened('graphql-transport-ws')
      socket.ended(1013)
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
