import type { Clock } from '@holdfast/protocol'
import type { MemberChange, Members } from './broker.ts'
import { MemberView } from './member-view.ts'
import type { ViewChange } from './member-view.ts'

/** A client that wants to know the members of a channel. */
export interface PresenceWatcher {
  /** All members have to be sent. */
  all(view: MemberView): void
  /** These changes have to be sent, encoded once for all. */
  changed(text: string, view: MemberView): void
}

/** What a presence needs of the hub. */
export interface PresenceHost {
  readonly clock: Clock
  members(channel: string): Promise<Members>
  failed(error: unknown): void
}

/** How long changes are collected before they are sent, in milliseconds. The first after a pause is sent at once. */
const sendInterval = 100
const retryDelay = 1_000
/** How many changes are kept that arrive while the members are read. If there are more, they are read again. */
const maxMeanwhile = 1_000

/** The members of a channel, for the clients of this hub that want to know: as long as there are some. */
export class Presence {
  readonly #host: PresenceHost
  readonly #channel: string
  readonly #view: MemberView
  readonly #watchers = new Set<PresenceWatcher>()
  #isLoaded = false
  /** What has arrived while the members are read; undefined if they are not, or if it was too much. */
  #meanwhile: MemberChange[] | undefined
  #isReading = false
  #isClosed = false
  #sendTimer: unknown
  #retryTimer: unknown

  constructor(host: PresenceHost, channel: string, byIdentity: boolean) {
    this.#host = host
    this.#channel = channel
    this.#view = new MemberView(byIdentity)
    void this.#read()
  }

  get size(): number {
    return this.#watchers.size
  }

  add(watcher: PresenceWatcher): void {
    this.#watchers.add(watcher)
    if (this.#isLoaded) watcher.all(this.#view)
  }

  delete(watcher: PresenceWatcher): void {
    this.#watchers.delete(watcher)
  }

  take(change: MemberChange): void {
    if (this.#isReading) {
      if (this.#meanwhile && this.#meanwhile.length < maxMeanwhile) this.#meanwhile.push(change)
      else this.#meanwhile = undefined
      return
    }
    if (this.#view.take(change) === 'hole') void this.#read()
    else this.#sendSoon()
  }

  /** Changes may be missing. */
  reset(): void {
    if (this.#isReading) this.#meanwhile = undefined
    else void this.#read()
  }

  close(): void {
    this.#isClosed = true
    this.#host.clock.clearTimer(this.#sendTimer)
    this.#host.clock.clearTimer(this.#retryTimer)
  }

  async #read(): Promise<void> {
    this.#isReading = true
    this.#meanwhile = []
    try {
      this.#view.load(await this.#host.members(this.#channel))
    } catch (error) {
      if (this.#isClosed) return
      this.#host.failed(error)
      this.#retryTimer = this.#host.clock.setTimer(() => void this.#read(), retryDelay)
      return
    }
    if (this.#isClosed) return
    this.#isReading = false
    const meanwhile: readonly MemberChange[] | undefined = this.#meanwhile
    const isComplete = meanwhile?.every((change) => this.#view.take(change) !== 'hole')
    if (!isComplete) return void this.#read()
    if (this.#isLoaded) return this.#sendSoon()
    this.#isLoaded = true
    this.#view.changes()
    for (const watcher of this.#watchers) watcher.all(this.#view)
  }

  #sendSoon(): void {
    this.#sendTimer ??= this.#host.clock.setTimer(() => this.#send(), 0)
  }

  #send(): void {
    this.#sendTimer = undefined
    const changes = this.#view.changes()
    if (!changes) return
    const text = encodeChanges(this.#channel, changes)
    for (const watcher of this.#watchers) watcher.changed(text, this.#view)
    this.#sendTimer = this.#host.clock.setTimer(() => this.#send(), sendInterval)
  }
}

function encodeChanges(channel: string, { version, set, gone }: ViewChange): string {
  const changes = [
    ...(set.length > 0 ? [`"set":[${set.join()}]`] : []),
    ...(gone.length > 0 ? [`"gone":[${gone.join()}]`] : []),
  ]
  return `["channel",{"here":${JSON.stringify(channel)},"v":${version},${changes.join()}}]`
}

/** All members, in messages of up to that many UTF-16 units. */
export function encodeMembers(channel: string, view: MemberView, maxLength: number): string[] {
  const head = `["channel",{"here":${JSON.stringify(channel)},"v":${view.version},"all":[`
  const parts: string[] = []
  let part = ''
  for (const member of view.sent) {
    if (part !== '' && part.length + member.length > maxLength) {
      parts.push(part)
      part = ''
    }
    part = part === '' ? member : `${part},${member}`
  }
  return [...parts.map((text) => `${head}${text}],"more":true}]`), `${head}${part}]}]`]
}
