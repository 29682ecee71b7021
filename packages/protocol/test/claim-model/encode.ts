import type { Blob, Call, Entry, Frame, Node, Pending, Result, State, Token } from './state.ts'

const frames = ['hi', 'message', 'ok', 'ack', 'lost'] as const
const calls = ['begin', 'take', 'keep', 'park', 'hold', 'end', 'return', 'post', 'strike'] as const
const results = [
  'done',
  'late',
  'unreadable',
  'unknown',
  'missing',
  'renewed',
  'forgotten',
  'yours',
  'second',
  'ask',
  'ended',
] as const
const roles = ['none', 'owner', 'parking'] as const
const handlers = ['none', 'running', 'moved'] as const
const bytes = Buffer.alloc(4_096)
let length = 0
/** By node, the tokens that matter, in order: their numbers do not matter. */
const known: [Token[], Token[]] = [[], []]

function put(value: number): void {
  // Some numbers are -1.
  bytes[length++] = value + 1
}

function list(values: readonly number[]): void {
  put(values.length)
  for (const value of values) put(value)
}

function putToken(token: Token): void {
  put(token === 0 ? 0 : 1 + 2 * known[(token & 1) as 0 | 1].indexOf(token) + (token & 1))
}

function putBlob({ rx, acked, out, n, position, format }: Blob): void {
  put(rx)
  put(acked)
  put(n * 4 + format)
  put(position)
  list(out)
}

function putCall(call: Call): void {
  put(calls.indexOf(call.t))
  put(call.life)
  if ('token' in call) putToken(call.token)
  switch (call.t) {
    case 'take':
      put(call.n * 2 + (call.isLast ? 1 : 0))
      break
    case 'park':
      put(call.runs ? 1 : 0)
      putBlob(call.blob)
      break
    case 'keep':
      putBlob(call.blob)
      break
    case 'end':
      put(call.rx)
      break
    case 'post':
      put(call.item)
      put(call.count)
      break
    case 'hold':
      put(call.position * 2 + (call.isOwed ? 1 : 0))
      break
    case 'begin':
    case 'return':
    case 'strike':
  }
}

function putResult(result: Result): void {
  put(results.indexOf(result.t))
  switch (result.t) {
    case 'yours':
    case 'second':
      putBlob(result.blob)
      put(result.run * 2 + (result.isOwed ? 1 : 0))
      break
    case 'ask':
      put(result.at)
      putToken(result.token)
      break
    case 'ended':
      put(result.rx)
      break
    case 'done':
    case 'late':
    case 'unreadable':
    case 'unknown':
    case 'missing':
    case 'renewed':
    case 'forgotten':
  }
}

function putPending(pending: Pending | undefined): void {
  put(pending ? 1 : 0)
  if (!pending) return
  putCall(pending.call)
  put(pending.run)
  if (pending.result) putResult(pending.result)
  else put(99)
}

function putFrames(line: readonly Frame[]): void {
  put(line.length)
  for (const frame of line) {
    put(frames.indexOf(frame.t))
    if (frame.t !== 'message') put(frame.rx)
    else {
      put(frame.seq)
      put(frame.id)
    }
  }
}

function putNode(node: Node): void {
  const { session, tombstone } = node
  put(node.life * 2 + (node.isUp ? 1 : 0))
  put(node.postRun * 4 + node.unsureRun)
  put(roles.indexOf(node.role) * 6 + handlers.indexOf(node.handler) * 2 + (node.isFormer ? 1 : 0))
  put(node.waiting)
  putPending(node.pending)
  putPending(node.post)
  put(node.posted)
  list(node.outbox)
  put((session ? 1 : 0) + (tombstone ? 2 : 0))
  if (session) {
    put(session.rx)
    put(session.acked)
    put(session.n * 8 + (session.isKnown ? 4 : 0) + (session.isBound ? 2 : 0) + (session.runs ? 1 : 0))
    put(session.position * 4 + (session.isUnsure ? 2 : 0) + (session.isOwed ? 1 : 0))
    put(session.run)
    list(session.out)
    putToken(session.token)
  }
  if (!tombstone) return
  put(tombstone.rx)
  putToken(tombstone.token)
}

function putEntry({ at, token, n, rx, blob, stamp, running, mailbox, counts }: Entry): void {
  put(at)
  putToken(token)
  put(n)
  put(rx)
  put(stamp * 2 + (blob ? 1 : 0))
  if (blob) putBlob(blob)
  put(running)
  list(mailbox)
  list(counts)
}

function collectTokens({ nodes, broker, releases, lates }: State): void {
  const [even, odd] = known
  even.length = odd.length = 0
  const add = (token: Token): void => {
    const own = known[(token & 1) as 0 | 1]
    if (token > 0 && !own.includes(token)) own.push(token)
  }
  const addCall = (call: Call): void => {
    if ('token' in call) add(call.token)
  }
  add(broker.token)
  for (const { token } of releases) add(token)
  for (const { call } of lates) addCall(call)
  for (const { token } of broker.past) add(token)
  for (const { session, tombstone, pending } of nodes) {
    if (session) add(session.token)
    if (tombstone) add(tombstone.token)
    if (!pending) continue
    addCall(pending.call)
    if (pending.result?.t === 'ask') add(pending.result.token)
  }
  even.sort((a, b) => a - b)
  odd.sort((a, b) => a - b)
}

/** Bytes that two states share only if they are the same in all that matters. Valid until the next call. */
export function encodeState(state: State): Buffer {
  const { client, connections, nodes, broker } = state
  length = 0
  collectTokens(state)
  put((client.isOpen ? 1 : 0) + (client.isLost ? 2 : 0))
  for (const value of [client.n, client.rx, client.acked, client.sent, client.last, client.lastLate])
    put(value)
  for (const bits of [client.got, state.forgiven]) {
    bytes.writeUInt16LE(bits, length)
    length += 2
  }
  putFrames(client.isLost ? [] : client.down)
  for (const [n, { node, isUp, up }] of connections.entries()) {
    // Of a connection that the client has given up, only what is in it matters.
    const isDead = !isUp || (n !== client.n && up.length === 0)
    put(isDead ? -1 : node)
    if (!isDead) putFrames(up)
  }
  for (const node of nodes) putNode(node)
  putEntry(broker)
  put(broker.run)
  put(broker.past.length)
  for (const entry of broker.past) putEntry(entry)
  put(broker.leases.reduce((sum, isLive, life) => sum + (isLive ? 1 << life : 0), 0))
  put(state.releases.length)
  for (const { to, n, token, session } of state.releases) {
    put(to * 2 + (session ? 1 : 0))
    put(n)
    putToken(token)
    if (session) putBlob({ ...session, format: 0 })
  }
  put(state.lates.length)
  for (const late of state.lates) putPending(late)
  for (const value of [state.strangers, state.handled, state.undelivered, state.made, state.madeLate])
    put(value)
  // All of them are below 4.
  let chances = 0
  for (const count of Object.values(state.chances) as number[]) chances = chances * 4 + count
  for (; chances > 0; chances = Math.floor(chances / 256)) bytes[length++] = chances % 256
  return bytes.subarray(0, length)
}
