import type { MailboxEntry, PostResult } from '@holdfast/server'
import type { Commands } from '../commands.ts'
import { unavailable } from '../errors.ts'
import type { SessionKeys } from '../keys.ts'
import { milliseconds } from '../milliseconds.ts'
import { allOf } from './place.ts'
import { post } from './scripts.ts'

/** How often a post is made again because Redis was another one. */
const maxRuns = 3

export interface PostsHost {
  readonly commands: Commands
  /** The name of this hub. */
  readonly hub: string
  readonly lifetime: number
  readonly maxMailboxMessages: number
  /** How long to wait for a hub that asserts the session, in milliseconds. */
  readonly patience: number
  /** The hub that has the session should read its mailbox. */
  posted(owner: string, hash: string): void
}

interface Attempt {
  readonly number: number
  readonly begunAt: number
  /** The run of Redis to which it was sent and that has not answered; empty if that is not known. */
  sentTo: string | undefined
}

/** Posts the messages of this hub, each once, however often it is tried. */
export class Posts {
  readonly #host: PostsHost
  readonly #attempts = new WeakMap<MailboxEntry, Attempt>()
  #last = 0

  constructor(host: PostsHost) {
    this.#host = host
  }

  /** `run` is the run of Redis that knows the session as far as this hub knows; undefined if it does not know. */
  async post(
    hash: string,
    keys: SessionKeys,
    entry: MailboxEntry,
    run: string | undefined,
  ): Promise<PostResult> {
    const { commands, patience } = this.#host
    const attempt = this.#attemptOf(entry)
    let known = run ?? ''
    for (let runs = 0; runs < maxRuns; runs++) {
      const { sentTo } = attempt
      // An earlier call may have been executed, and then forgotten after the message had been read: it is not repeated.
      if (sentTo === '') return 'posted'
      const current = sentTo ?? known
      const args = this.#argsOf(entry, attempt, current)
      const answer = await commands.run(post, allOf(keys), args, () => (attempt.sentTo = current))
      const [status, other = '', owner = ''] = answer as [string, string?, string?]
      attempt.sentTo = undefined
      if (status === 'posted' && owner !== '') this.#host.posted(owner, hash)
      if (status === 'posted' || (sentTo !== undefined && (status !== 'forgotten' || other !== sentTo)))
        return 'posted'
      if (status === 'full' || status === 'ended') return status
      if (status === 'forgotten') break
      known = other
    }
    if (performance.now() - attempt.begunAt > patience) return 'ended'
    throw unavailable('the hub that has the session has not said so yet')
  }

  #attemptOf(entry: MailboxEntry): Attempt {
    let attempt = this.#attempts.get(entry)
    if (!attempt) {
      attempt = { number: ++this.#last, begunAt: performance.now(), sentTo: undefined }
      this.#attempts.set(entry, attempt)
    }
    return attempt
  }

  #argsOf({ text, answers }: MailboxEntry, { number }: Attempt, run: string): string[] {
    const { hub, maxMailboxMessages, lifetime } = this.#host
    const request = answers === undefined ? '' : `${answers}`
    return [run, hub, `${number}`, text, request, `${maxMailboxMessages}`, milliseconds(lifetime)]
  }
}
