/** A fault that is planted in a copy of the code: replaces a text of a file, which must be there exactly once. */
export interface PlantedFault {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const session = 'packages/protocol/src/session.ts'
const line = 'packages/protocol/src/line.ts'
const outbox = 'packages/protocol/src/outbox.ts'
const requests = 'packages/protocol/src/requests.ts'
const answers = 'packages/protocol/src/answers.ts'
const heldSession = 'packages/client/src/session/held-session.ts'
const greeting = 'packages/client/src/session/greeting.ts'
const attach = 'packages/client/src/session/attach.ts'
const machine = 'packages/client/src/connection/machine.ts'
const backoff = 'packages/client/src/connection/backoff.ts'
const createClient = 'packages/client/src/create-client.ts'
const sessions = 'packages/server/src/sessions.ts'
const liveSession = 'packages/server/src/live-session.ts'
const teardown = 'packages/server/src/teardown.ts'
const outgoing = 'packages/server/src/outgoing.ts'

export const plantedFaults: readonly PlantedFault[] = [
  // What both ends run
  {
    name: 'an old number is handed on again',
    file: session,
    from: "if (seq <= this.rx) return 'old'",
    to: '',
  },
  { name: 'a gap is not noticed', file: session, from: "if (seq > this.rx + 1) return 'gap'", to: '' },
  {
    name: 'an ack settles one message too many',
    file: session,
    from: 'while (this.acknowledged < ack) this.#shift()',
    to: 'while (this.unacknowledged > 0 && this.acknowledged <= ack) this.#shift()',
  },
  {
    name: 'the final cursor is not looked at',
    file: session,
    from: 'if (finalCursor !== undefined) this.acknowledge(Math.min(finalCursor, this.tx))',
    to: '',
  },
  {
    name: 'what is unknown counts as certainly undelivered',
    file: session,
    from: 'if (finalCursor !== undefined) return rest\n',
    to: 'if (rest) return rest\n',
  },
  {
    name: 'what was written settles as delivered when a session ends',
    file: session,
    from: 'for (const message of rest) message.settle(unknown)',
    to: 'for (const message of rest) message.settle(delivered)',
  },
  {
    name: 'the window knows no count',
    file: session,
    from: 'unacknowledged < limits[0] && this.#bytes',
    to: 'this.#bytes',
  },
  {
    name: 'nothing is replayed',
    file: line,
    from: 'for (const [seq, message] of this.#session.replay())',
    to: 'for (const [seq, message] of [] as [number, Outgoing<Body>][])',
  },
  {
    name: 'the replay leaves out its last message',
    file: session,
    from: 'const messages = this.#kept.slice(this.#head)\n',
    to: 'const messages = this.#kept.slice(this.#head, -1)\n',
  },
  {
    name: 'the cursor moves only after the handlers',
    file: line,
    from: `      const verdict = this.#session.accept(seq)
      if (verdict === 'gap') return this.#options.violated(4425, 'gap')
      if (verdict === 'old') return this.#oweAck()
    }
    // A void frame has nothing to hand on, but its number.
    if (frame.length > 2) this.#options.deliver(frame)`,
    to: `      if (seq > this.#session.rx + 1) return this.#options.violated(4425, 'gap')
      if (seq <= this.#session.rx) return this.#oweAck()
    }
    if (frame.length > 2) this.#options.deliver(frame)
    if (seq > 0) this.#session.accept(seq)`,
  },
  {
    name: 'acks cover what was only received',
    file: line,
    from: 'return (this.#ackSent = this.#session.rx)',
    to: 'return (this.#ackSent = this.#session.rx + this.#inbound)',
  },
  {
    name: 'acks always say the same',
    file: line,
    from: 'return (this.#ackSent = this.#session.rx)',
    to: 'return this.#ackSent',
  },
  {
    name: 'bytes overtake the pack before them',
    file: line,
    from: 'return this.#sendPack() && options.send(encodeBinary',
    to: 'return options.send(encodeBinary',
  },
  {
    name: 'a message that was written can be taken back',
    file: outbox,
    from: 'const isBack = isWaiting(message)\n',
    to: 'const isBack = !message.outcome\n',
  },
  {
    name: 'a message expires that was written in time',
    file: outbox,
    from: '            clock.clearTimer(expiry)\n',
    to: '',
  },
  {
    name: 'a replaced message stays in the queue',
    file: outbox,
    from: "if (old) drop(old, 'replaced')",
    to: 'if (old) keyed.delete(message.key!)',
  },
  {
    name: 'the queue has no bounds',
    file: outbox,
    from: `    for (let oldest = ends.after; oldest !== ends && isFull(old); oldest = ends.after)
      drop(oldest, 'overflow')
`,
    to: '',
  },
  {
    name: 'the queue is turned round',
    file: outbox,
    from: `    message.before = ends.before
    message.after = ends
    ends.before = message.before.after = message`,
    to: `    message.after = ends.after
    message.before = ends
    ends.after = message.after.before = message`,
  },
  {
    name: 'an answer goes to whoever asked last',
    file: requests,
    from: 'const request = pending.get(Number(id))\n      request?.resolve(data)',
    to: 'const request = [...pending.values()].at(-1)\n      request?.resolve(data)',
  },
  {
    name: 'requests of a lost session wait on',
    file: requests,
    from: "          fail('unknown', 'the connection ended before the answer')",
    to: '          void fail',
  },
  {
    name: 'a request that was taken back is handled',
    file: requests,
    from: 'const isWritten = !delivery.cancel()',
    to: 'const isWritten = true',
  },
  {
    name: 'a request is handled twice',
    file: answers,
    from: 'else if (!running.has(id)) void run(id, handler, input)',
    to: 'else void run(id, handler, input).then(() => id % 5 === 0 && run(id, handler, input))',
  },
  // The client
  {
    name: 'a resumed session is taken for a new one',
    file: heldSession,
    from: 'const isResumed = session !== undefined && given!.session === ok.session',
    to: 'const isResumed = false',
  },
  {
    name: 'the cursor of the greeting is taken for one more',
    file: heldSession,
    from: 'session!.acknowledge(ok.rx))',
    to: 'session!.acknowledge(Math.min(ok.rx + 1, session!.tx)))',
  },
  {
    name: 'a loss is not told',
    file: heldSession,
    from: 'if (loss) host.lost({ why, missed: missed ?? undefined, ...loss })',
    to: '',
  },
  {
    name: 'messages of one user go out under another',
    file: heldSession,
    from: "        discard('session-lost')\n        host.discard('session-lost')\n",
    to: '',
  },
  {
    name: 'unknown messages are sent once more',
    file: heldSession,
    from: 'const rest = ended.end(isKnown ? finalCursor : undefined, unknown)',
    to: 'const again = [...ended.replay()].flatMap(([, message]) => message ?? []); const rest = ended.end(isKnown ? finalCursor : undefined, unknown); if (!isKnown) rest.push(...again)',
  },
  {
    name: 'carried messages are forgotten',
    file: heldSession,
    from: 'carried.push(...undelivered)',
    to: '',
  },
  {
    name: 'carried messages come in the wrong order',
    file: heldSession,
    from: 'for (const message of carried.splice(0))\n',
    to: 'for (const message of carried.splice(0).reverse())\n',
  },
  {
    name: 'the receive cursor of the greeting is one too low',
    file: heldSession,
    from: 'rx: session.rx }',
    to: 'rx: Math.max(0, session.rx - 1) }',
  },
  {
    name: 'dials all have the same number',
    file: greeting,
    from: 'const n = ++dials',
    to: 'const n = 1',
  },
  {
    name: 'the goodbye does not say how far the client got',
    file: attach,
    from: "line?.control(['bye', { rx: session.rx, ...how }])",
    to: "line?.control(['bye', { rx: 0 }])",
  },
  {
    name: 'a new session goes on with the numbers of the old one',
    file: heldSession,
    from: `      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      if (!isSameUser(ok)) {`,
    to: `      const old = session?.rx ?? 0
      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      void Promise.resolve().then(() => session && Object.assign(session, { rx: old }))
      if (!isSameUser(ok)) {`,
  },
  {
    name: 'a disposed client keeps its messages',
    file: createClient,
    from: "outbox.refuse('disposed')",
    to: '',
  },
  {
    name: 'dials follow each other at once',
    file: backoff,
    from: 'return max > min ? min + random * (max - min) : min',
    to: 'return 0',
  },
  {
    name: 'a dial that gets no answer is waited for',
    file: machine,
    from: "return fall(state, state.failure ?? { reason: 'timeout' }, lost, policy, sample)",
    to: 'return state.failure ? fall(state, state.failure, lost, policy, sample) : [{ ...state, deadline: Infinity }]',
  },
  {
    name: 'a replaced socket is left open',
    file: machine,
    from: "[next, 'abandon', 'prepare'] : [next, 'prepare']",
    to: "[next, 'prepare'] : [next, 'prepare']",
  },
  // The server
  {
    name: 'an old connection is not fenced',
    file: liveSession,
    from: '    old?.close(code)\n',
    to: '',
  },
  {
    name: 'somebody else may resume a session',
    file: sessions,
    from: 'if (record.identity === authentication.identity) return',
    to: 'return',
  },
  {
    name: 'what waits is not flushed after a resume',
    file: liveSession,
    from: "    this.flush()\n    if (this.#stage !== 'confirmed')",
    to: "    if (this.#stage !== 'confirmed')",
  },
  {
    name: 'missed messages are counted from the beginning',
    file: sessions,
    from: 'Math.max(0, tx - clientRx) + queued',
    to: 'tx + queued',
  },
  {
    name: 'sessions that end have no final cursor',
    file: sessions,
    from: 'return { why, rx, missed',
    to: 'return { why, rx: rx + 1, missed',
  },
  {
    name: 'a session that ended takes messages',
    file: liveSession,
    from: 'const connection = this.#release()',
    to: 'const { connection } = this',
  },
  {
    name: 'a client counts as missed what it has got',
    file: attach,
    from: 'Math.max(0, total - session.rx)',
    to: 'total',
  },
  {
    name: 'the end of a session is not told',
    file: teardown,
    from: 'if (!this.#remainder.isConfirmed) return',
    to: "if (!this.#remainder.isConfirmed || end.why === 'expired') return",
  },
  {
    name: 'sessions whose connection breaks during a drain are forgotten',
    file: liveSession,
    from: "if (stage.current === 'draining') this.close('drained', 1012, stage.hint)",
    to: '',
  },
  {
    name: 'a full session drops messages',
    file: outgoing,
    from: 'if (!how.volatile && this.#isFull(bytes)) this.#record.overflow()',
    to: 'if (!how.volatile && this.#isFull(bytes)) how = { ...how, signal: AbortSignal.abort() }',
  },
]
