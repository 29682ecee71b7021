/** A text of a file that is replaced, and must be there exactly once. */
interface Fault {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const session = 'packages/protocol/src/session.ts'
const line = 'packages/protocol/src/line.ts'
const acks = 'packages/protocol/src/acks.ts'
const outbox = 'packages/protocol/src/outbox.ts'
const requests = 'packages/protocol/src/requests.ts'
const endpoint = 'packages/protocol/src/endpoint.ts'
const resumableSession = 'packages/client/src/wire/session/resumable-session.ts'
const bind = 'packages/client/src/wire/session/bind.ts'
const exchange = 'packages/client/src/wire/session/exchange.ts'
const conversation = 'packages/client/src/wire/session/conversation.ts'
const machine = 'packages/client/src/connection/machine.ts'
const backoff = 'packages/client/src/connection/backoff.ts'
const lifetime = 'packages/client/src/lifetime.ts'
const sessions = 'packages/server/src/sessions.ts'
const liveSession = 'packages/server/src/live-session.ts'
const teardown = 'packages/server/src/teardown.ts'
const outgoing = 'packages/server/src/outgoing.ts'
const messagesToClient = 'packages/server/src/messages-to-client.ts'
const codec = 'packages/protocol/src/frame-codec.ts'
const controls = 'packages/protocol/src/controls.ts'
const registry = 'packages/server/src/registry.ts'
const subscription = 'packages/client/src/channel/subscription.ts'
const shared = 'packages/client/src/channel/shared-subscription.ts'
const log = 'packages/server/src/channels/log.ts'
const feed = 'packages/server/src/channels/feed.ts'
const answer = 'packages/server/src/channels/answer.ts'
const memory = 'packages/server/src/channels/memory.ts'
const slow = 'packages/server/src/channels/subscription.ts'
const peerChannels = 'packages/server/src/channels/peer-channels.ts'
const verdict = 'packages/server/src/channels/verdict.ts'
const claim = 'packages/server/src/moves/claim.ts'
const departure = 'packages/server/src/moves/departure.ts'
const freeze = 'packages/server/src/moves/freeze.ts'
const mailbox = 'packages/server/src/moves/mailbox.ts'
const memoryStore = 'packages/server/src/moves/memory-store.ts'
const ownedSession = 'packages/server/src/moves/owned-session.ts'
const moves = 'packages/server/src/moves/moves.ts'

/** A fault that is planted in a copy of the code. */
export interface PlantedFault extends Fault {
  /** What has to find it: the simulation, the tests of its package, or each of them by itself. */
  readonly by: 'simulation' | 'tests' | 'both'
}

const foundByBoth: readonly Fault[] = [
  // What both ends run
  {
    name: 'an old number is delivered again',
    file: session,
    from: "if (seq <= this.rx) return 'old'",
    to: '',
  },
  { name: 'a gap is not noticed', file: session, from: "if (seq > this.rx + 1) return 'gap'", to: '' },
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
    name: 'the cursor moves only after the handlers',
    file: line,
    from: `      const verdict = this.#session.accept(seq)
      if (verdict === 'gap') return this.#options.violated(4425, 'gap')
      if (verdict === 'old') return this.#oweAck()
    }
    // A void frame only takes a number.
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
    from: 'const ack = this.#acks.take()\n',
    to: 'const ack = this.#acks.take() + this.#arrivals.count\n',
  },
  {
    name: 'bytes overtake the pack before them',
    file: line,
    from: 'this.#sendPack() && options.send(encodeBinary',
    to: 'options.send(encodeBinary',
  },
  {
    name: 'a message that was written can be taken back',
    file: outbox,
    from: 'const isBack = isWaiting(message)\n',
    to: 'const isBack = !message.outcome\n',
  },
]

const foundBySimulation: readonly Fault[] = [
  {
    name: 'an ack settles one message too many',
    file: session,
    from: 'while (this.acknowledged < ack) this.#shift()',
    to: 'while (this.unacknowledged > 0 && this.acknowledged <= ack) this.#shift()',
  },
  {
    name: 'what was written settles as delivered when a session ends',
    file: session,
    from: 'for (const message of rest) message.settle(unknown)',
    to: 'for (const message of rest) message.settle(delivered)',
  },
  {
    name: 'the replay leaves out its last message',
    file: session,
    from: 'const messages = this.#kept.slice(this.#head)\n',
    to: 'const messages = this.#kept.slice(this.#head, -1)\n',
  },
  {
    name: 'acks always say the same',
    file: acks,
    from: 'return (this.#sent = this.#options.session.rx)',
    to: 'return this.#sent',
  },
  {
    name: 'a message expires that was written in time',
    file: outbox,
    from: '    clock.clearTimer(expiry)\n',
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
    from: "      drop(oldest, 'overflow')\n",
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
    file: endpoint,
    from: 'else if (!running.has(re)) void this.#run(running, re, handler, input)',
    to: 'else void this.#run(running, re, handler, input).then(() => re % 5 === 0 && this.#run(running, re, handler, input))',
  },
  // The client
  {
    name: 'a resumed session is taken for a new one',
    file: resumableSession,
    from: 'if (!session || given!.session !== ok.session) return false',
    to: 'if (!session || ok.rx >= 0) return false',
  },
  {
    name: 'the cursor of the greeting is taken for one more',
    file: resumableSession,
    from: 'session.acknowledge(ok.rx))',
    to: 'session.acknowledge(Math.min(ok.rx + 1, session.tx)))',
  },
  {
    name: 'a loss is not told',
    file: resumableSession,
    from: 'report(loss, printable(why), missed ?? undefined)',
    to: '',
  },
  {
    name: 'messages of one user go out under another',
    file: resumableSession,
    from: "        discard('session-lost')\n        queue.discard('session-lost')\n",
    to: '',
  },
  {
    name: 'unknown messages are sent once more',
    file: resumableSession,
    from: 'const rest = ended.end(isKnown ? finalCursor : undefined, unknown)',
    to: 'const again = [...ended.replay()].flatMap(([, message]) => message ?? []); const rest = ended.end(isKnown ? finalCursor : undefined, unknown); if (!isKnown) rest.push(...again)',
  },
  {
    name: 'carried messages are forgotten',
    file: resumableSession,
    from: 'carried.push(...undelivered)',
    to: '',
  },
  {
    name: 'carried messages come in the wrong order',
    file: resumableSession,
    from: 'for (const message of carried.splice(0))\n',
    to: 'for (const message of carried.splice(0).reverse())\n',
  },
  {
    name: 'the receive cursor of the greeting is one too low',
    file: resumableSession,
    from: 'rx: session.rx }',
    to: 'rx: Math.max(0, session.rx - 1) }',
  },
  {
    name: 'dials all have the same number',
    file: bind,
    from: 'n: ++dials,',
    to: 'n: (dials = 1),',
  },
  {
    name: 'the goodbye does not say how far the client got',
    file: conversation,
    from: "this.#leaveLine(['bye', { rx: live.session.rx, ...how }])",
    to: "this.#leaveLine(['bye', { rx: 0 }])",
  },
  {
    name: 'a new session goes on with the numbers of the old one',
    file: resumableSession,
    from: `      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      if (!isSameUser(ok)) {`,
    to: `      const old = session?.rx ?? 0
      const loss = endSession(ok.lost?.rx ?? undefined, 'session-lost')
      void Promise.resolve().then(() => session && Object.assign(session, { rx: old }))
      if (!isSameUser(ok)) {`,
  },
  {
    name: 'a disposed client keeps its messages',
    file: lifetime,
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
    from: "return scheduleRetry(state, state.failure ?? { reason: 'timeout' }, lost, policy, sample)",
    to: 'return state.failure ? scheduleRetry(state, state.failure, lost, policy, sample) : [{ ...state, deadline: Infinity }]',
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
    from: "    this.messages.flush()\n    if (this.#stage !== 'confirmed')",
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
    from: 'const connection = this.#release()\n    const { queued }',
    to: 'const { connection } = this\n    const { queued }',
  },
  {
    name: 'a client counts as missed what it has got',
    file: conversation,
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
    from: "else if (stage.current === 'draining' && !stage.isDeciding) this.close('drained', 1012, stage.hint)",
    to: '',
  },
  {
    name: 'a full session drops messages',
    file: outgoing,
    from: 'if (limit) this.#record.overflow(limit)',
    to: 'if (limit) how = { ...how, signal: AbortSignal.abort() }',
  },
]

// By the rules of PROTOCOL.md.
const foundByTests: readonly Fault[] = [
  // 1. Numbers
  {
    name: 'a withdrawn message leaves no void frame',
    file: session,
    from: 'this.#takeOldest()?.settle(rejected)',
    to: 'this.#shift()?.settle(rejected)',
  },
  {
    name: 'numbers begin with 0',
    file: session,
    from: 'return ++this.tx',
    to: 'return this.tx++',
  },
  {
    name: 'volatile messages are numbered',
    file: line,
    from: 'if (!message.volatile) {',
    to: 'if (message) {',
  },
  {
    name: 'an old number is not acknowledged again',
    file: line,
    from: "if (verdict === 'old') return this.#oweAck()",
    to: "if (verdict === 'old') return",
  },
  {
    name: 'an ack of the future is believed',
    file: session,
    from: 'if (ack > this.tx) return false',
    to: '',
  },
  {
    name: 'what is left of a pack outlives its connection',
    file: line,
    from: `    clock.clearTimer(this.#sliceTimer)
    this.#arrivals.clear()
`,
    to: '',
  },
  // 3. Greeting
  {
    name: 'a cursor of 0 cannot be resumed from',
    file: controls,
    from: 'isText(key, 256) &&\n    isCount(rx) &&',
    to: 'isText(key, 256) &&\n    isCount(rx) &&\n    (lost !== undefined || rx > 0) &&',
  },
  {
    name: 'the replay has new numbers',
    file: session,
    from: 'const from = this.acknowledged\n',
    to: 'const from = this.tx\n',
  },
  // 5. Provisional sessions
  {
    name: 'the client does not confirm',
    file: line,
    from: 'this.#options.send(`["a",${this.#session.rx}]`)\n    for',
    to: 'for',
  },
  // 7. Acks
  {
    name: 'frames carry no ack',
    file: codec,
    from: 'return `[${seq},${ack}${body}]`',
    to: 'return `[${seq},0${body}]`',
  },
  {
    name: 'the first message is not acknowledged at the end of the turn',
    file: acks,
    from: '    return true\n',
    to: '    return false\n',
  },
  {
    name: 'every message is acknowledged at the end of its turn',
    file: acks,
    from: 'return this.#isOverdue()',
    to: 'return true',
  },
  {
    name: 'acks wait for a second',
    file: acks,
    from: '    }, ackDelay)',
    to: '    }, 20 * ackDelay)',
  },
  {
    name: 'acks leave in the middle of a turn',
    file: acks,
    from: 'return this.#isOverdue()',
    to: '{\n      if (this.#isOverdue()) this.send()\n      return false\n    }',
  },
  {
    name: 'half a window is not acknowledged',
    file: acks,
    from: 'messages >> 1',
    to: 'messages',
  },
  {
    name: 'half a window of bytes is not acknowledged',
    file: acks,
    from: 'bytes / 6',
    to: 'bytes',
  },
  {
    name: 'what waits when a ping comes is not acknowledged when it is delivered',
    file: line,
    from: 'this.#asked = this.#arrivals.count',
    to: 'this.#asked = 0',
  },
  {
    name: 'a ping at the end of a pack is not answered',
    file: line,
    from: 'if (decoded.ping && !this.#isClosed)',
    to: 'if (decoded.ping && this.#isClosed)',
  },
  {
    name: 'a pack asks for what follows it',
    file: line,
    from: 'this.#pingedFor = this.#written',
    to: 'this.#pingedFor = this.#session.tx',
  },
  {
    name: 'what nobody waits for is asked for',
    file: outbox,
    from: 'if (isAwaited && !isVolatile) link.ask',
    to: 'if (!isVolatile) link.ask',
  },
  {
    name: 'what somebody waits for is not asked for when it is written',
    file: outbox,
    from: '      ask(message)\n    } else if',
    to: '    } else if',
  },
  {
    name: 'every message that somebody waits for is asked for by a ping of its own',
    file: line,
    from: '    if (this.#pingedFor === this.#session.tx) return\n',
    to: '',
  },
  {
    name: 'acks are acknowledged',
    file: line,
    from: 'if (isAck) this.#acknowledge(content)',
    to: 'if (isAck && this.#acknowledge(content)) this.#oweAck()',
  },
  {
    name: 'a pong carries no ack',
    file: line,
    from: 'options.send(`["q",${this.#acks.take()}]`)',
    to: 'options.send(`["q",${0 * this.#acks.take()}]`)',
  },
  {
    name: 'the window bounds no bytes',
    file: session,
    from: ' && this.#bytes + bytes <= limits[1]',
    to: '',
  },
  {
    name: 'no message may fly alone',
    file: session,
    from: 'return unacknowledged === 0 || ',
    to: 'return ',
  },
  {
    name: 'an ack gives no room back',
    file: session,
    from: '    this.#bytes -= message?.bytes ?? 0\n    return message',
    to: '    return message',
  },
  {
    name: 'the oldest message gives way to a new one',
    file: session,
    from: '    this.#kept.push(message)\n',
    to: '    if (this.unacknowledged >= this.window[0]) this.#shift()\n    this.#kept.push(message)\n',
  },
  {
    name: 'what comes in is not bounded',
    file: line,
    from: 'if (isOverrun)',
    to: 'if (size.length < 0)',
  },
  {
    name: 'volatile messages are not bounded',
    file: 'packages/protocol/src/arrivals.ts',
    from: 'const taken = isFull ? items.filter(([seq]) => seq !== 0) : items',
    to: 'const taken = isFull ? items : items',
  },
  // 9. Loss
  {
    name: 'what is above the final cursor counts as delivered',
    file: session,
    from: 'this.acknowledge(Math.min(finalCursor, this.tx))',
    to: 'session.acknowledge(session.tx)',
  },
  {
    name: 'what is unknown counts as undelivered',
    file: session,
    from: 'message.settle(unknown)',
    to: "message.settle({ status: 'undelivered', reason: 'session-lost' })",
  },
  // 11. Frames
  { name: 'absent data becomes null', file: codec, from: '{ ...meta, absent: true }', to: 'meta' },
  {
    name: 'bytes are not copied',
    file: codec,
    from: 'bytes: new Uint8Array(data)',
    to: 'bytes: data',
  },
  {
    name: 'a header may be too long',
    file: codec,
    from: "if (utf8Length(header) > maxHeaderBytes - maxNumbersBytes) throw new TypeError('the header is too long')",
    to: '',
  },
  { name: 'depth is not bounded', file: codec, from: 'if (depth === 0) return -1', to: '' },
  // 12. Packs
  {
    name: 'every frame is a message of its own',
    file: line,
    from: 'const isFull = this.#options.unpacked ||',
    to: 'const isFull = !this.#options.unpacked ||',
  },
  {
    name: 'a pack has no bound',
    file: line,
    from: 'this.#pack.length + frame.length + 3 > this.batchBytes',
    to: 'this.batchBytes < 0',
  },
  {
    name: 'a pack may be larger than the peer takes',
    file: line,
    from: 'Math.min(maxPackLength, (options.maxPayload ?? Infinity) / 3)',
    to: 'Math.min(maxPackLength, (options.maxPayload ?? Infinity) * 3)',
  },
  {
    name: 'a turn is not waited for',
    file: outbox,
    from: 'if (!batchBytes ||',
    to: 'if (batchBytes ||',
  },
  {
    name: 'handlers run in one go',
    file: line,
    from: 'clock.now() - startedAt > sliceLength',
    to: 'startedAt < 0',
  },
  // Both ends, by their own tests
  {
    name: 'the cursor in ok settles nothing',
    file: resumableSession,
    from: '!session.acknowledge(ok.rx))',
    to: 'ok.rx > session.tx)',
  },
  {
    name: 'a late hi is taken',
    file: sessions,
    from: 'if (record.dials.isLate(hi)) return connection.close(1000)',
    to: '',
  },
  {
    name: 'a late hi is taken for that of another client',
    file: 'packages/server/src/dials.ts',
    from: 'return n <= (client === this.client ? this.#n : (this.#others?.get(client) ?? 0))',
    to: 'return client === this.client && n <= this.#n',
  },
  {
    name: 'any key will do',
    file: registry,
    from: 'found && isEqual(found.key, key) ? found : undefined',
    to: 'found',
  },
  {
    name: 'a provisional session is told to the application',
    file: registry,
    from: '      provisional.add(record)',
    to: '      provisional.add(record)\n      peers.set(record.id, record.peer)',
  },
  { name: 'a provisional session lasts', file: registry, from: '      provisional.add(record)\n', to: '' },
  {
    name: 'the cursor of a tombstone is too low',
    file: liveSession,
    from: 'return { key, why, rx, tx,',
    to: 'return { key, why, rx: Math.max(0, rx - 1), tx,',
  },
  {
    name: 'answers go into another session',
    file: resumableSession,
    from: 'rest.filter((message) => !message.sessionBound)',
    to: 'rest',
  },
  {
    name: 'the goodbye does not say how far the server got',
    file: teardown,
    from: "encodeControl(['bye', { rx, total",
    to: "encodeControl(['bye', { rx: 0 * rx, total",
  },
  {
    name: 'new messages are written while draining',
    file: conversation,
    from: 'this.#drain ? undefined : this.live',
    to: 'this.live',
  },
  // A session that moves
  {
    name: 'a session that moves ends with a goodbye',
    file: conversation,
    from: 'if (!drain.park) return this.sayBye()',
    to: 'return this.sayBye()',
  },
  {
    name: 'a client that moves does not acknowledge what it has delivered',
    file: conversation,
    from: "live.line.control(['a', live.session.rx])",
    to: '',
  },
  {
    name: 'a client that moves waits for the answers to its requests',
    file: exchange,
    from: 'isMoving ? endpoint.isIdle : endpoint.isSettled',
    to: 'endpoint.isSettled',
  },
  {
    name: 'a client that moves does not wait for its handlers',
    file: exchange,
    from: 'isMoving ? endpoint.isIdle : endpoint.isSettled',
    to: 'isMoving || endpoint.isSettled',
  },
  {
    name: 'what a store has lost is not noticed',
    file: resumableSession,
    from: 'if (ok.rx < session.acknowledged) {',
    to: 'if (ok.rx < 0) {',
  },
]

/** Of channels and broadcasts: the first ones are rules of the logs and of their subscribers, whose model is in `packages/protocol/test/channel-model`. */
const foundByTestsOfChannels: readonly Fault[] = [
  {
    name: 'a position is good when another publication has its offset',
    file: log,
    from: 'this.#at(offset)?.id !== id',
    to: '!this.#at(offset)',
  },
  {
    name: 'the log does not remember which publication it removed last',
    file: log,
    from: 'this.#before = { offset, id }',
    to: "this.#before = { offset, id: '' }",
  },
  {
    name: 'a position of another epoch is good',
    file: log,
    from: 'if (epoch !== this.#epoch || this',
    to: 'if (this',
  },
  {
    name: 'a log that lost its end is taken for the same',
    file: log,
    from: '|| (known && known.id !== id)',
    to: '',
  },
  {
    name: 'the log is read before the subscription is there',
    file: feed,
    from: `      await this.#host.subscribe(this.name)
`,
    to: `      void this.#host.subscribe(this.name).catch(() => {})
`,
  },
  {
    name: 'publications pass while the log is read',
    file: feed,
    from: "if (this.#phase === 'live') this.#take({ epoch, entry, before })",
    to: 'if (this.#log) this.#take({ epoch, entry, before })',
  },
  {
    name: 'what comes while the log is read is forgotten',
    file: feed,
    from: `    for (const arrived of meanwhile) if (this.isLive) this.#take(arrived)
`,
    to: '',
  },
  {
    name: 'too much that comes while the log is read is no reason to read again',
    file: feed,
    from: `    if (!meanwhile) return void this.#read()
    for (const arrived of meanwhile)`,
    to: '    for (const arrived of meanwhile ?? [])',
  },
  {
    name: 'a publication of another epoch passes',
    file: log,
    from: "if (epoch !== this.#epoch) return 'hole'",
    to: "if (epoch !== this.#epoch) return 'next'",
  },
  {
    name: 'a missing publication is not noticed by the hub',
    file: log,
    from: "if (offset === this.head.offset + 1) return before === this.head.id ? 'next' : 'hole'",
    to: "if (offset > this.head.offset) return 'next'",
  },
  {
    name: 'a log that was rolled back by one publication is taken for the same',
    file: log,
    from: "return before === this.head.id ? 'next' : 'hole'",
    to: "return 'next'",
  },
  {
    name: 'a publication that was brought twice passes twice',
    file: log,
    from: "? 'hole' : 'old'",
    to: "? 'hole' : 'next'",
  },
  {
    name: 'a renewed connection to the broker is no reason to read',
    file: feed,
    from: `if (this.#phase === 'live') void this.#read()
    // The answer`,
    to: `if (this.#phase === 'failed') void this.#read()
    // The answer`,
  },
  {
    name: 'a connection to the broker that is renewed while the log is read is ignored',
    file: feed,
    from: "else if (this.#phase === 'reading') this.#meanwhile = undefined",
    to: '',
  },
  {
    name: 'publications between a join and its answer are taken',
    file: subscription,
    from: "if (!this.isListening || offset <= this.#offset) return 'drop'",
    to: "if (this.status !== 'joined' || offset <= this.#offset) return 'drop'",
  },
  {
    name: 'the position moves after the handlers',
    file: subscription,
    from: `    this.#offset = offset
    this.#id = id
    if (this.#last`,
    to: `    void Promise.resolve().then(() => this.#moveTo([this.#epoch, offset, id]))
    if (this.#last`,
  },
  {
    name: 'the answer to an earlier join is taken',
    file: subscription,
    from: 'if (n !== this.#asked) return true',
    to: 'if (this.#asked === 0) return true',
  },
  {
    name: 'a missing publication is not noticed by the client',
    file: subscription,
    from: 'if (offset !== this.#offset + 1) {',
    to: 'if (offset < this.#offset) {',
  },
  {
    name: 'what was dropped is not asked for',
    file: subscription,
    from: `    this.isDue = this.#isBehind
`,
    to: `    this.isDue = false
`,
  },
  {
    name: 'a join does not say what the client has',
    file: shared,
    from: '[name, subscription.position ?? null]',
    to: '[name, null]',
  },
  {
    name: 'a gap is not reported',
    file: shared,
    from: 'if (subscription.gap(n, at) && missed !== 0)',
    to: 'if (subscription.gap(n, at) && missed === 0)',
  },
  {
    name: 'a repeated publication is appended again',
    file: memory,
    from: 'if (known >= 0) return',
    to: 'if (known >= ids.length) return',
  },
  {
    name: 'a repeated publication has the position of the newest',
    file: memory,
    from: 'log.head.offset - (ids.length - 1 - known)',
    to: 'log.head.offset',
  },
  {
    name: 'a node removes a member that another one has set',
    file: memory,
    from: 'return channel && owned?.owner === this ?',
    to: 'return channel && owned ?',
  },
  {
    name: 'a missing change of members is not noticed by the hub',
    file: 'packages/server/src/channels/member-view.ts',
    from: "if (version !== this.#version + 1) return 'hole'",
    to: '',
  },
  {
    name: 'a missing change of members is not noticed by the client',
    file: 'packages/client/src/channel/members.ts',
    from: 'if (version > this.#version + 1) return undefined',
    to: '',
  },
  {
    name: 'a member leaves with its connection',
    file: peerChannels,
    from: 'for (const name of [...this.#subscriptions.keys()]) this.#drop(name)',
    to: 'for (const name of [...this.#subscriptions.keys()]) this.#left(name)',
  },
  {
    name: 'members that the broker has lost stay lost',
    file: 'packages/server/src/channels/own-members.ts',
    from: 'for (const entries of this.#channels.values()) for (const entry of entries.values()) this.#mark(entry)',
    to: '',
  },
  {
    name: 'every subscriber has the log read',
    file: feed,
    from: "else if (this.#phase === 'live') this.#answer()",
    to: "else if (this.#phase === 'live') void this.#read()",
  },
  {
    name: 'a part of what was missed is sent after a gap',
    file: answer,
    from: 'gap: log.missedSince(position), from: end }',
    to: 'gap: log.missedSince(position), from: log.before }',
  },
  {
    name: 'what was skipped for a slow subscriber is lost',
    file: slow,
    from: 'if (!client.hasRoom) this.#skip(before)',
    to: 'if (!client.hasRoom) return',
  },
  {
    name: 'a slow subscriber does not hear of a gap',
    file: slow,
    from: `    else this.#tellGap(log, position)
`,
    to: `    else this.#goOn(log, log.head)
`,
  },
  {
    name: 'joins are not paced',
    file: 'packages/server/src/channels/rejoins.ts',
    from: 'if (bucket.take()) return join()',
    to: 'if (join) return join()',
  },
  {
    name: 'what a client holds is dropped when it has to drop something',
    file: line,
    from: 'if (dropped && !this.#isClosed)',
    to: 'if (dropped && this.#isClosed)',
  },
  {
    name: 'everything that is true allows',
    file: verdict,
    from: 'if (answer === true)',
    to: 'if (answer)',
  },
  {
    name: 'nothing forbids where there is no rule',
    file: verdict,
    from: 'if (!rule) return forbidden',
    to: 'if (!rule) return { isAllowed: true, permission: {} }',
  },
  {
    name: 'a failure of the server forbids',
    file: verdict,
    from: `    failed(error)
    return unavailable`,
    to: `    failed(error)
    return forbidden`,
  },
  {
    name: 'a broadcast of the log that is not for a session reaches it',
    file: 'packages/server/src/broadcast-log.ts',
    from: `if (this.#skipped.delete(entry)) continue
`,
    to: '',
  },
  {
    name: 'the log of broadcasts keeps what nobody has to get',
    file: 'packages/server/src/broadcast-log.ts',
    from: 'this.#first !== this.#end && this.#first.readers === 0',
    to: 'this.#first !== this.#end && this.#first.readers < 0',
  },
  {
    name: 'a message to one session overtakes the broadcasts before it',
    file: messagesToClient,
    from: 'if (!how.volatile) this.#takeMissed(Infinity)',
    to: '',
  },
  {
    name: 'missed broadcasts do not count for the limits',
    file: messagesToClient,
    from: '(this.#held?.count ?? 0) + (this.#missed?.count ?? 0)',
    to: '(this.#held?.count ?? 0)',
  },
]

/** What breaks sessions that move between servers. */
const foundInMoves: readonly PlantedFault[] = [
  {
    name: 'a session that moves loses what was written',
    file: freeze,
    from: 'Array.from(session.replay(), ([, message]) => message?.body ?? voidBody)',
    to: '[]',
    by: 'both',
  },
  {
    name: 'a session that moves loses what waits',
    file: liveSession,
    from: 'const queued = this.messages.takeQueued()',
    to: 'const queued = this.messages.takeQueued().slice(1)',
    by: 'simulation',
  },
  {
    name: 'a session that moves has its mailbox read once only',
    file: moves,
    from: 'void this.#owned.get(session)?.mailbox?.read()',
    to: '',
    by: 'tests',
  },
  {
    name: 'a session that moves gets messages of its mailbox again',
    file: mailbox,
    from: 'this.#position++',
    to: '',
    by: 'both',
  },
  {
    name: 'a session that moves gets what was posted twice',
    file: memoryStore,
    from: "if (this.#posted.has(entry)) return 'posted'",
    to: '',
    by: 'simulation',
  },
  {
    name: 'a session that moves is not answered by handlers that run',
    file: departure,
    from: 'await this.#parts.post({ text: encodeMail(body), answers })',
    to: '',
    by: 'both',
  },
  {
    name: 'a session that moves numbers its requests from the beginning',
    file: liveSession,
    from: 'lastRequest: this.#endpoint?.lastRequest ?? this.#lastRequest,',
    to: 'lastRequest: 0,',
    by: 'tests',
  },
  {
    name: 'a session that moves is given to a late greeting',
    file: moves,
    from: ' || record.dials.isLate(claim)) return',
    to: ') return',
    by: 'tests',
  },
  {
    name: 'a session that moves stays at a hub whose client has left',
    file: claim,
    from: 'if (this.#isOver) return this.#giveBack(taken)',
    to: 'if (this.#isOver) return',
    by: 'tests',
  },
  {
    name: 'a session that moves goes on at a client that knows more than its snapshot',
    file: claim,
    from: 'this.hi.rx > stored',
    to: 'this.hi.rx > Infinity + stored',
    by: 'tests',
  },
  {
    name: 'a session that moves is lost at a hub that comes before the store knows it',
    file: claim,
    from: 'taken.hasForgotten || isYoung(',
    to: 'taken.hasForgotten && isYoung(',
    by: 'both',
  },
  {
    name: 'a session that moves ends without a cursor if the store does not know it yet',
    file: ownedSession,
    from: "end(tombstone: Omit<Tombstone, 'key'>): Promise<void> {",
    to: "end(tombstone: Omit<Tombstone, 'key'>): Promise<void> {\n    if (!this.token) this.giveUp()",
    by: 'tests',
  },
  {
    name: 'a session that moves lets handlers run for which nobody waits',
    file: departure,
    from: 'this.#endpoint?.deliver([0, 0, null, undefined, { off: request }])',
    to: '',
    by: 'tests',
  },
]

export const plantedFaults: readonly PlantedFault[] = [
  ...foundInMoves,
  ...foundByBoth.map((fault) => ({ ...fault, by: 'both' as const })),
  ...foundBySimulation.map((fault) => ({ ...fault, by: 'simulation' as const })),
  ...[...foundByTests, ...foundByTestsOfChannels].map((fault) => ({ ...fault, by: 'tests' as const })),
]
