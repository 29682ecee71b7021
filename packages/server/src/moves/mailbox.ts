import { encodeBody } from '@holdfast/protocol'
import type { Body } from '@holdfast/protocol'
import { checkMailbox } from './checks.ts'
import type { MailboxEntry } from './session-store.ts'
import { decodeMail, encodeMail } from './snapshot.ts'
import type { StoreLink } from './store-link.ts'

/** How often a session looks whether hubs have died that still owed it answers, in milliseconds. */
const lookInterval = 5_000

export interface MailboxPorts {
  /** A message of a hub that had the session before. */
  deliver(body: Body): void
}

/**
 * Reads the mailbox of a session of this hub: what the hubs send that had it before, as late answers of handlers. When such a hub
 * has died, each request that it still owed an answer is answered as interrupted.
 */
export class Mailbox {
  readonly #link: StoreLink
  readonly #session: string
  readonly #ports: MailboxPorts
  #position: number
  /** The requests whose handlers run on other hubs. */
  readonly #running: Set<number>
  #isReading = false
  #isDue = false
  #isClosed = false
  #timer: unknown

  constructor(
    link: StoreLink,
    session: string,
    from: { readonly mailbox: number; readonly running: readonly number[] },
    ports: MailboxPorts,
  ) {
    this.#link = link
    this.#session = session
    this.#ports = ports
    this.#position = from.mailbox
    this.#running = new Set(from.running)
  }

  /** How much of it was read. */
  get position(): number {
    return this.#position
  }

  get running(): readonly number[] {
    return [...this.#running]
  }

  /** The client does not wait for the answer to that request any more. Returns whether its handler may run on another hub. */
  abort(request: number): boolean {
    return this.#running.delete(request)
  }

  /** Something may have been posted. */
  async read(): Promise<void> {
    this.#isDue = true
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#isDue && !this.#isClosed) {
        this.#isDue = false
        this.#deliver(await this.#ask())
      }
    } catch (error) {
      // What the store gives is no mailbox. There may be one the next time.
      this.#link.failed(error)
    }
    this.#isReading = false
    this.#lookLater()
  }

  async #ask(): Promise<readonly MailboxEntry[]> {
    const entries = await this.#link.repeat(
      (node) => node.readMailbox(this.#session, this.#position),
      () => !this.#isClosed,
    )
    return entries ? checkMailbox(entries) : []
  }

  #deliver(entries: readonly MailboxEntry[]): void {
    for (const { text, answers } of entries) {
      // Its messages may end the session.
      if (this.#isClosed) return
      this.#position++
      if (answers !== undefined) this.#running.delete(answers)
      const body = decodeMail(text)
      if (body !== undefined) this.#ports.deliver(body)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#link.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #lookLater(): void {
    if (this.#running.size === 0 || this.#isClosed || this.#timer !== undefined) return
    this.#timer = this.#link.clock.setTimer(() => void this.#look(), lookInterval)
  }

  async #look(): Promise<void> {
    await this.#link.repeat(
      (node) => node.interrupt(this.#session, (re) => encodeMail(interrupted(re))),
      () => !this.#isClosed,
    )
    this.#timer = undefined
    await this.read()
  }
}

function interrupted(re: number): Body {
  const message = 'the hub that ran the handler has ended'
  return encodeBody(null, undefined, { re, error: 'interrupted', message })
}
