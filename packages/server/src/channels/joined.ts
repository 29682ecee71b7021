import type { Subscriber } from './feed.ts'
import type { Feed } from './feed.ts'
import type { Publication } from './publication.ts'

/** A session that the application has subscribed to a channel: its client gets the publications as events, while it is connected. */
export class Joined implements Subscriber {
  readonly position = undefined
  readonly #feed: Feed
  readonly #write: (publication: Publication) => void

  constructor(feed: Feed, write: (publication: Publication) => void) {
    this.#feed = feed
    this.#write = write
    feed.attach(this)
  }

  // It has no position, so it begins at once and misses what it misses.
  begin(): void {}
  refused(): void {}
  missed(): void {}

  deliver(publication: Publication): void {
    this.#write(publication)
  }

  end(): void {
    this.#feed.delete(this)
  }
}
