/**
 * What an auditor can object to. The comments state the promise: the numbers are sections of DESIGN.md, names in
 * quotes are sections of PROTOCOL.md.
 */
export type RuleName =
  /** §4: a message is delivered at most once, over all sessions and lives of a server. */
  | 'handed-on-twice'
  /** §4.9: what is unknown is never sent again by itself. */
  | 'resent-unknown'
  /** Only sent messages are delivered, settled or answered. */
  | 'invented'
  /** A message reaches the peer that it was sent to, as what it was sent. */
  | 'misdelivered'
  /** §4: in the order in which they were sent. */
  | 'out-of-order'
  /** §4, "Numbers": what is missing between two messages of a session was never written to it. */
  | 'gap'
  /** §4, Outcome: exactly one. */
  | 'outcome-twice'
  | 'unsettled'
  /** §4, Outcome: every outcome is true. */
  | 'delivered-not-got'
  | 'undelivered-yet-got'
  | 'sent-yet-reliable'
  | 'volatile-outcome'
  /** §4, Outcome: and so is its reason. */
  | 'wrong-reason'
  /** §4.9: a session that ends without a request is reported as lost, once, before anything of the next. */
  | 'loss-untold'
  | 'loss-of-nothing'
  /** `resumed`: the session goes on. */
  | 'false-resume'
  /** "Loss": how much was missed, undelivered and unknown. */
  | 'missed-count'
  | 'loss-count'
  | 'left-count'
  /** §4, Requests. */
  | 'answered-twice'
  | 'unanswered'
  | 'wrong-answer'
  | 'answer-from-nowhere'
  | 'answer-contradicts-outcome'
  /** §4.6: none is sent on under another identity. */
  | 'wrong-identity'
  /** Sessions that move: the server that gives one up reports it, and what it had sent by then arrives. */
  | 'move-untold'
  | 'lost-in-move'
  /** §5: `dispose()` settles everything and leaves nothing behind. */
  | 'after-dispose'
  /** A session, or a process, that has ended says nothing more. */
  | 'after-end'
  /** §3: open and down take turns, and the application receives no report that it did not request. */
  | 'open-unasked'
  | 'open-twice'
  | 'down-unopened'
  | 'closed-unasked'
  | 'got-while-down'
  /** "Channels": nothing comes of a channel that is not subscribed. */
  | 'unsubscribed'
  /** Only what was published comes, and only in its channel. */
  | 'publication-invented'
  /** In the order of the log, and once. */
  | 'publication-order'
  /** What is missing, and a log that begins anew, is a gap that is reported before anything newer. */
  | 'publication-hole'
  | 'publication-epoch'
  | 'gap-of-nothing'
  | 'recovered-count'
  /** A log has one publication at a position, and appends each once. */
  | 'publication-split'
  | 'published-twice'
  | 'refused-yet-published'
  /** Every subscriber comes to the end of the log, and to know who is there. */
  | 'publication-behind'
  | 'members'
