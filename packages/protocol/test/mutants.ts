// Breaks the rules of the session on purpose, one after another, in a copy of this package, and tells which tests find
// out: `node packages/protocol/test/mutants.ts [part of a name]`. A rule that can be broken unnoticed is a failure.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** Replaces a text of a file, which must be there exactly once. Rules are those of the design: see PROTOCOL.md. */
interface Mutant {
  readonly rule: number
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const session = 'src/session.ts'
const line = 'src/line.ts'
const codec = 'src/frame-codec.ts'
const outbox = 'src/outbox.ts'
const serverEnd = 'test/ends/server-end.ts'
const clientEnd = 'test/ends/client-end.ts'

const mutants: readonly Mutant[] = [
  // 1. Numbers
  {
    rule: 1,
    name: 'a withdrawn message leaves no void frame',
    file: session,
    from: 'this.#takeOldest()?.settle(outcome)',
    to: 'this.#shift()?.settle(outcome)',
  },
  {
    rule: 1,
    name: 'a message that was written can be taken back',
    file: outbox,
    from: 'const isBack = isWaiting(message)\n',
    to: 'const isBack = !message.outcome\n',
  },
  {
    rule: 1,
    name: 'numbers begin with 0',
    file: session,
    from: 'return ++this.tx',
    to: 'return this.tx++',
  },
  {
    rule: 1,
    name: 'volatile messages are numbered',
    file: line,
    from: 'if (!message.volatile) {',
    to: 'if (message) {',
  },
  // 2. Receiving
  {
    rule: 2,
    name: 'a gap is not noticed',
    file: session,
    from: "if (seq > this.rx + 1) return 'gap'",
    to: '',
  },
  {
    rule: 2,
    name: 'an old number is taken again',
    file: session,
    from: "if (seq <= this.rx) return 'old'",
    to: '',
  },
  {
    rule: 2,
    name: 'an old number is not acknowledged again',
    file: line,
    from: "if (verdict === 'old') return this.#oweAck()",
    to: "if (verdict === 'old') return",
  },
  {
    rule: 2,
    name: 'an ack of the future is believed',
    file: session,
    from: 'if (ack > this.tx) return false',
    to: '',
  },
  {
    rule: 2,
    name: 'the cursor moves after the handlers',
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
    rule: 2,
    name: 'the ack covers what was received, not only what was handed on',
    file: line,
    from: 'return (this.#ackSent = this.#session.rx)',
    to: 'return (this.#ackSent = this.#session.rx + this.#inbound)',
  },
  {
    rule: 2,
    name: 'what is left of a pack outlives its connection',
    file: line,
    from: `    clock.clearTimer(this.#sliceTimer)
    this.#arrivals = []
`,
    to: '',
  },
  // 3. Greeting
  {
    rule: 3,
    name: 'a cursor of 0 cannot be resumed from',
    file: 'src/controls.ts',
    from: 'isText(key, 256) &&\n    isCount(rx) &&',
    to: 'isText(key, 256) &&\n    isCount(rx) &&\n    (lost !== undefined || rx > 0) &&',
  },
  {
    rule: 3,
    name: 'nothing is replayed',
    file: session,
    from: 'const messages = this.#kept.slice(this.#head)',
    to: 'const messages = kept.slice(kept.length)',
  },
  {
    rule: 3,
    name: 'the replay has new numbers',
    file: session,
    from: 'const from = this.acknowledged\n',
    to: 'const from = this.tx\n',
  },
  {
    rule: 3,
    name: 'the cursor in ok settles nothing',
    file: clientEnd,
    from: 'if (isResumed && !party.session.acknowledge(ok.rx))',
    to: 'if (isResumed && ok.rx > party.session.tx)',
  },
  // 4. One connection of a session
  {
    rule: 4,
    name: 'a late hi is taken',
    file: serverEnd,
    from: 'if (old && hi.n <= (old.dials.get(hi.client) ?? 0)) return socket.close(1000)',
    to: '',
  },
  {
    rule: 4,
    name: 'the old connection is not fenced',
    file: serverEnd,
    from: 'fence(held, held.client === hi.client ? 1000 : 4409)',
    to: '',
  },
  {
    rule: 4,
    name: 'a late hi is taken for that of another client',
    file: serverEnd,
    from: 'if (old && hi.n <= (old.dials.get(hi.client) ?? 0)) return socket.close(1000)',
    to: "if (old && hi.n <= (old.dials.get(hi.client) ?? 0)) old.client = ''",
  },
  {
    rule: 4,
    name: 'any key will do',
    file: serverEnd,
    from: 'known?.key === hi.key ? known : undefined',
    to: 'known',
  },
  // 5. Provisional sessions
  {
    rule: 5,
    name: 'the client does not confirm',
    file: line,
    from: 'this.#options.send(`["a",${this.#session.rx}]`)\n    for',
    to: 'for',
  },
  {
    rule: 5,
    name: 'a provisional session is told to the application',
    file: serverEnd,
    from: 'filter(({ isTold }) => isTold)',
    to: 'filter(() => true)',
  },
  {
    rule: 5,
    name: 'a provisional session lasts',
    file: serverEnd,
    from: 'held.isTold ? ttl : provisionalTtl',
    to: 'ttl',
  },
  // 6. Identity
  {
    rule: 6,
    name: 'a session is resumed by somebody else',
    file: serverEnd,
    from: 'if (old && old.identity !== identity) {',
    to: 'if (!old && identity === undefined) {',
  },
  {
    rule: 6,
    name: 'messages go into the session of somebody else',
    file: clientEnd,
    from: 'if (identity !== undefined && identity !== ok.identity) {',
    to: 'if (identity === undefined && held) {',
  },
  // 7. Acks
  {
    rule: 7,
    name: 'frames carry no ack',
    file: codec,
    from: 'return `[${seq},${ack}${body}]`',
    to: 'return `[${seq},0${body}]`',
  },
  {
    rule: 7,
    name: 'the first message is not acknowledged at the end of the turn',
    file: line,
    from: 'if (this.#ackTimer === undefined) this.#startAckTimer()\n    else if',
    to: 'if (this.#ackTimer === undefined) return this.#startAckTimer()\n    else if',
  },
  {
    rule: 7,
    name: 'every message is acknowledged at the end of its turn',
    file: line,
    from: 'else if (!this.#isOverdue()) return',
    to: '',
  },
  {
    rule: 7,
    name: 'acks wait for a second',
    file: line,
    from: 'const ackDelay = 50',
    to: 'const ackDelay = 1_000',
  },
  {
    rule: 7,
    name: 'acks leave in the middle of a turn',
    file: line,
    from: '    else if (!this.#isOverdue()) return\n    this.#endTurn()',
    to: '    else if (this.#isOverdue()) return this.#sendAck()\n    else return\n    this.#endTurn()',
  },
  {
    rule: 7,
    name: 'half a window is not acknowledged',
    file: line,
    from: 'messages >> 1',
    to: 'messages',
  },
  {
    rule: 7,
    name: 'half a window of bytes is not acknowledged',
    file: line,
    from: 'bytes / 6',
    to: 'bytes',
  },
  {
    rule: 7,
    name: 'what waits when a ping comes is not acknowledged when it is handed on',
    file: line,
    from: 'this.#asked = this.#inbound',
    to: 'this.#asked = 0',
  },
  {
    rule: 7,
    name: 'what nobody waits for is asked for',
    file: outbox,
    from: 'if (isAwaited && !isVolatile) link.ask',
    to: 'if (!isVolatile) link.ask',
  },
  {
    rule: 7,
    name: 'what somebody waits for is not asked for when it is written',
    file: outbox,
    from: '      ask(message)\n    } else if',
    to: '    } else if',
  },
  {
    rule: 7,
    name: 'every message that somebody waits for is asked for by a ping of its own',
    file: line,
    from: '    if (this.#pingedFor === this.#session.tx) return\n',
    to: '',
  },
  {
    rule: 7,
    name: 'acks are acknowledged',
    file: line,
    from: 'if (isAck) this.#acknowledge(content)',
    to: 'if (isAck && this.#acknowledge(content)) this.#oweAck()',
  },
  {
    rule: 7,
    name: 'a pong carries no ack',
    file: line,
    from: 'options.send(`["q",${this.#takeAck()}]`)',
    to: 'options.send(`["q",${0 * this.#takeAck()}]`)',
  },
  // 8. Windows
  {
    rule: 8,
    name: 'the window bounds no messages',
    file: session,
    from: 'unacknowledged < limits[0] && ',
    to: '',
  },
  {
    rule: 8,
    name: 'the window bounds no bytes',
    file: session,
    from: ' && this.#bytes + bytes <= limits[1]',
    to: '',
  },
  {
    rule: 8,
    name: 'no message may fly alone',
    file: session,
    from: 'return unacknowledged === 0 || ',
    to: 'return ',
  },
  {
    rule: 8,
    name: 'an ack gives no room back',
    file: session,
    from: '    this.#bytes -= message?.bytes ?? 0\n    return message',
    to: '    return message',
  },
  {
    rule: 8,
    name: 'the oldest message gives way to a new one',
    file: session,
    from: '    this.#kept.push(message)\n',
    to: '    if (this.unacknowledged >= this.window[0]) this.#shift()\n    this.#kept.push(message)\n',
  },
  {
    rule: 8,
    name: 'what comes in is not bounded',
    file: line,
    from: 'if (isOverrun)',
    to: 'if (size.length < 0)',
  },
  {
    rule: 8,
    name: 'volatile messages are not bounded',
    file: line,
    from: 'const taken = isFull ? items.filter(([seq]) => seq !== 0) : items',
    to: 'const taken = isFull ? items : items',
  },
  // 9. Loss
  {
    rule: 9,
    name: 'what is above the final cursor counts as delivered',
    file: session,
    from: 'this.acknowledge(Math.min(finalCursor, this.tx))',
    to: 'session.acknowledge(session.tx)',
  },
  {
    rule: 9,
    name: 'what is below the final cursor is sent again',
    file: session,
    from: 'if (finalCursor !== undefined) this.acknowledge(Math.min(finalCursor, this.tx))\n',
    to: '',
  },
  {
    rule: 9,
    name: 'what is unknown is sent again',
    file: session,
    from: 'if (finalCursor !== undefined) return rest',
    to: 'if (rest) return rest',
  },
  {
    rule: 9,
    name: 'what is unknown counts as undelivered',
    file: session,
    from: 'message.settle(unknown)',
    to: "message.settle({ status: 'undelivered', reason: 'session-lost' })",
  },
  {
    rule: 9,
    name: 'what is certainly undelivered is forgotten',
    file: clientEnd,
    from: 'if (held) carried.push(...party.end(cursor))',
    to: 'if (held) party.end(cursor)',
  },
  {
    rule: 9,
    name: 'the cursor of a tombstone is not final',
    file: serverEnd,
    from: 'lost: { why, rx: party.session.rx }',
    to: 'lost: { why, rx: Math.max(0, party.session.rx - 1) }',
  },
  {
    rule: 9,
    name: 'answers go into another session',
    file: 'test/ends/party.ts',
    from: 'return rest.filter(({ own }) => !own)',
    to: 'return rest',
  },
  // 10. Bye
  {
    rule: 10,
    name: 'the server takes messages after its bye',
    file: serverEnd,
    from: `clock.clearTimer(held.timer)
    held.party.close()`,
    to: `clock.clearTimer(held.timer)
    const { onMessage } = held.socket
    held.socket.onMessage = (payload) => {
      held.party.line?.received(payload)
      onMessage(payload)
    }`,
  },
  {
    rule: 10,
    name: 'bye does not say how far its sender got',
    file: serverEnd,
    from: "say(held.socket, ['bye', { rx: held.party.session.rx }])",
    to: "say(held.socket, ['bye', { rx: 0 }])",
  },
  {
    rule: 10,
    name: 'new messages are written while draining',
    file: 'test/ends/party.ts',
    from: '!isDraining && (line?.isWritable(bytes) ?? false)',
    to: 'line?.isWritable(bytes) ?? false',
  },
  // 11. Frames
  { rule: 11, name: 'absent data becomes null', file: codec, from: '{ ...meta, absent: true }', to: 'meta' },
  {
    rule: 11,
    name: 'bytes are not copied',
    file: codec,
    from: 'bytes: new Uint8Array(data)',
    to: 'bytes: data',
  },
  {
    rule: 11,
    name: 'a header may be too long',
    file: codec,
    from: "if (utf8Length(header) > maxHeaderBytes - maxNumbersBytes) throw new TypeError('the header is too long')",
    to: '',
  },
  { rule: 11, name: 'depth is not bounded', file: codec, from: 'if (depth === 0) return -1', to: '' },
  // 12. Packs
  {
    rule: 12,
    name: 'every frame is a message of its own',
    file: line,
    from: 'const isFull = options.unpacked ||',
    to: 'const isFull = !options.unpacked ||',
  },
  {
    rule: 12,
    name: 'a pack has no bound',
    file: line,
    from: 'this.#pack.length + frame.length + 3 > this.batchBytes',
    to: 'this.batchBytes < 0',
  },
  {
    rule: 12,
    name: 'a pack may be larger than the peer takes',
    file: line,
    from: 'Math.min(maxPackLength, (options.maxPayload ?? Infinity) / 3)',
    to: 'Math.min(maxPackLength, (options.maxPayload ?? Infinity) * 3)',
  },
  {
    rule: 12,
    name: 'a turn is not waited for',
    file: outbox,
    from: 'if (!batchBytes ||',
    to: 'if (batchBytes ||',
  },
  {
    rule: 12,
    name: 'bytes overtake the pack before them',
    file: line,
    from: 'return this.#sendPack() && options.send(encodeBinary',
    to: 'return options.send(encodeBinary',
  },
  {
    rule: 12,
    name: 'handlers run in one go',
    file: line,
    from: 'clock.now() - startedAt > sliceLength',
    to: 'startedAt < 0',
  },
]

const own = dirname(import.meta.dirname)
const root = dirname(dirname(own))
const scratch = mkdtempSync(join(tmpdir(), 'mutants-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

/** A copy of this package in a workspace of its own. */
function copy(): string {
  const target = join(scratch, relative(root, own))
  mkdirSync(target, { recursive: true })
  for (const part of ['src', 'test', 'package.json'])
    cpSync(join(own, part), join(target, part), { recursive: true })
  symlinkSync(join(own, 'node_modules'), join(target, 'node_modules'))
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
  writeFileSync(
    join(scratch, 'vitest.config.ts'),
    `const conditions = ['@holdfast/source', 'module', 'node', 'development']
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ['packages/*/src/**/*.test.ts', 'packages/*/test/ends/*.test.ts'], testTimeout: 20_000 },
}
`,
  )
  return target
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

/** Runs the tests of the copy; gives the names of those that fail, and after how many runs if it is a property. */
async function test(): Promise<string[]> {
  const output = join(scratch, 'report.json')
  rmSync(output, { force: true })
  const vitest = join(root, 'node_modules', '.bin', 'vitest')
  const child = spawn(vitest, ['run', '--root', scratch, '--reporter=json', `--outputFile=${output}`], {
    cwd: scratch,
    stdio: 'ignore',
    env: { ...process.env, ENDS_RUNS: '500', ENDS_FIRST: '1' },
  })
  let isHung = false
  const limit = setTimeout(() => {
    isHung = true
    child.kill('SIGKILL')
  }, 180_000)
  await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(limit)
  if (isHung) return ['(the tests do not come to an end)']
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages = [] }) => {
        const runs = /Property failed after (\d+) tests/.exec(failureMessages.join(' '))?.[1]
        return `${relative(join(scratch, 'packages/protocol'), name)}: ${fullName}${runs ? ` (run ${runs})` : ''}`
      }),
  )
}

for (const { file, from } of mutants)
  if (readFileSync(join(own, file), 'utf8').split(from).length !== 2) {
    console.error(`${file} does not hold this once:\n${from}\n`)
    process.exitCode = 1
  }
if (process.exitCode) process.exit()

const target = copy()
const part = process.argv[2] ?? ''
const begun = await test()
if (begun.length > 0) {
  console.log('The tests fail without any mutant:', begun)
  process.exit(1)
}
let survivors = 0
for (const { rule, name, file, from, to } of mutants) {
  if (!name.includes(part)) continue
  const path = join(target, file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
  const failed = await test()
  writeFileSync(path, text)
  if (failed.length === 0) survivors++
  console.log(`${rule}. ${name}: ${failed.length === 0 ? 'NOT FOUND' : `${failed.length} fail`}`)
  // One test of an example, and the properties.
  const properties = failed.filter((title) => title.includes('(run '))
  const example = failed.filter((title) => !properties.includes(title)).slice(0, 1)
  for (const title of [...example, ...properties]) console.log(`     ${title}`)
}
console.log(survivors === 0 ? 'every mutant was found' : `${survivors} were not found`)
process.exitCode = survivors === 0 ? 0 : 1
