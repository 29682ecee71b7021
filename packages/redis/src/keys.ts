/** The keys of one channel, all in one hash slot, so that one script may use them. */
export interface ChannelKeys {
  /** A hash: the epoch, the head and the bounds of the log. Also the name of the pub/sub channel. */
  readonly base: string
  /** A stream: the publications. */
  readonly log: string
  /** A sorted set: the ids of the last publications by their offset. */
  readonly ids: string
  /** A hash: the members. */
  readonly members: string
}

/** The keys of one session, all in one hash slot. Its id is not in them, but the SHA-256 of it. */
export interface SessionKeys {
  /** A hash: the node that has the session. */
  readonly base: string
  /** A hash: what is parked. */
  readonly blob: string
  /** A stream: what was posted. */
  readonly mailbox: string
  /** A hash: by requests of the client, the hub whose handler runs. */
  readonly running: string
}

/** The names of everything that a broker keeps in Redis. */
export class Keys {
  readonly #prefix: string

  /** The prefix has no braces, which would take the place of the hash tags. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  channel(name: string): ChannelKeys {
    const base = `${this.#prefix}:{c:${name}}`
    return { base, log: `${base}:l`, ids: `${base}:i`, members: `${base}:p` }
  }

  session(hash: string): SessionKeys {
    const base = `${this.#prefix}:{s:${hash}}`
    return { base, blob: `${base}:b`, mailbox: `${base}:m`, running: `${base}:r` }
  }

  /** The pub/sub channel of a node, in the slot of the leases. */
  inbox(node: string): string {
    return `${this.nodes}:i:${node}`
  }

  /** A sorted set: the nodes by the end of their leases. */
  get nodes(): string {
    return `${this.#prefix}:{n}`
  }

  /** A set: the channels in which a node has members. In the slot of the leases. */
  channelsOf(node: string): string {
    return `${this.nodes}:${node}`
  }

  /** The pub/sub channel by which a node receives its own messages, in the slot of the key. */
  echo(base: string, node: string): string {
    return `${base}:e:${node}`
  }

  /** A key to try commands on. */
  get check(): string {
    return `${this.#prefix}:{check}`
  }
}
