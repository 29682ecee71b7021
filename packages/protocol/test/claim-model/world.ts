/** How large the world is that is searched: one client, one session, two nodes, and a broker. */
export interface World {
  /** How many messages the client sends. */
  readonly up: number
  /** How many messages the node sends that has the session. */
  readonly down: number
  /** How many connections the client makes, the first one included. */
  readonly dials: number
  /** The first message of the client is a request, whose handler takes its time. */
  readonly isRequest: boolean
  /**
   * What node 0 has of the session at first. `beginning`: the broker does not know of it yet. If it parks the session, or has parked it, the request of the client came before, and
   * the client is about to dial again.
   */
  readonly start: 'owned' | 'beginning' | 'parking' | 'parked'
  /** The format in which each node parks. A node understands that one and all below. */
  readonly formats: readonly [number, number]
  /** How often each of these may happen. */
  readonly chances: Partial<Chances>
}

export interface Chances {
  /** A node parks the session because it drains. */
  parks: number
  /** The application of a node ends the session. */
  ends: number
  /** The state of a parked session expires. */
  expiries: number
  /** A node dies, and starts again. */
  crashes: number
  /** The lease of a node ends although it lives: it was paused. */
  lapses: number
  /** A call is executed after its node has given it up. */
  lates: number
  /** The application sends on a node that had the session. */
  sends: number
  /** The client dials with the token of another identity. */
  strangers: number
  /** A node ends a parked session whose format it does not understand. */
  surrenders: number
  /** The broker fails over, and forgets the last writes, up to three. */
  failovers: number
}

/** The rules that can be broken, each by what is done instead. */
export type Breach =
  /** The state of the session travels in the message to the node that claims it. */
  | 'state-in-a-message'
  /** A node copies the state, and fences the connection when the broker has it. */
  | 'copy-then-fence'
  /** A node whose park was not answered has the session again. */
  | 'go-on-after-a-park'
  /** A park needs no token. */
  | 'park-without-token'
  /** The node is the token of a park. */
  | 'node-is-the-token'
  /** A take looks at the record, and changes it in a second call. */
  | 'take-in-two-calls'
  /** A take removes the parked state. */
  | 'take-removes'
  /** Of several takes of a node the one that is executed last acts. */
  | 'unordered-takes'
  /** Nobody looks at the number of the dial. */
  | 'any-dial'
  /** A node does not return a session that it never heard it was given. */
  | 'no-return'
  /** A node returns the session, whichever take gave it to the node. */
  | 'return-without-token'
  /** A claim that takes too long is answered with `lost`. */
  | 'too-long-is-lost'
  /** When the lease of the owner has ended, others go on from the state that was parked last. */
  | 'go-on-from-a-copy'
  /** When the lease of the owner has ended, the cursor that was parked last is final. */
  | 'cursor-of-a-copy'
  /** The end of a session is written once. */
  | 'end-once'
  /** The final cursor expires with the parked state. */
  | 'tombstone-expires'
  /** A node that starts again is the one that it was. */
  | 'same-life'
  /** Another identity takes a parked session. */
  | 'take-as-anybody'
  /** The identity of a dial is looked at before its number. */
  | 'identity-first'
  /** A session that ends because of another identity gives no cursor. */
  | 'identity-without-cursor'
  /** A node takes a parked state whose format it does not understand. */
  | 'take-any-format'
  /** A parked state of an unknown format is lost. */
  | 'unknown-format-is-lost'
  /** What the application sends on a node that gave the session up is dropped. */
  | 'drop-what-is-late'
  /** The position in the mailbox is not part of what is parked. */
  | 'position-stays'
  /** The mailbox takes what is repeated. */
  | 'no-dedupe'
  /** Answers go into the mailbox before the broker has answered the park. */
  | 'post-while-parking'
  /** A park does not say which requests run. */
  | 'forget-what-runs'
  /** An answer goes into the mailbox in one call, and its request is struck off in another. */
  | 'post-then-strike'
  /** A node that has the session again answers a request that it has parked by itself. */
  | 'answer-directly'
  /** The requests of a dead node are not answered. */
  | 'never-interrupt'
  /** Nobody looks whether the broker has failed over. */
  | 'failover-unnoticed'
  /** A node whose park was not answered parks again after a failover. */
  | 'unsure-park'
  /** A session that a node returns after a failover may be taken. */
  | 'return-as-new'
  /** The mailbox takes what comes before the node that has the session has said so to the new broker. */
  | 'post-before-assert'
  /** A node reads the mailbox before it has said to the new broker that it has the session. */
  | 'read-before-assert'
  /** After a failover, the mailbox goes on from what is left of it. */
  | 'keep-the-mailbox'
  /** After a failover, the requests of other nodes run where the broker believes. */
  | 'trust-what-runs'
  /** A node that takes a session does not hear of the requests whose answers are in the mailbox. */
  | 'owed-is-what-runs'
  /** After a failover, the requests of other nodes are forgotten. */
  | 'forget-what-is-owed'
  /** A post that was not answered is repeated after a failover. */
  | 'repeat-a-post'
  /** A session that the broker does not know is lost, also if it has just begun. */
  | 'missing-is-lost'
  /** A session that ends before the broker knows it is not made known. */
  | 'end-unknown'
  /** The requests of another node are answered as interrupted while its lease lives. */
  | 'interrupt-the-living'
