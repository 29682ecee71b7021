import type { createBrokerRules } from './broker.ts'
import { answer, cloneSession, isAnswer, lateSend, nodeOf, violate } from './state.ts'
import type { Blob, Call, Frame, Node, Release, Result, Session, State, Token } from './state.ts'
import type { Breach, World } from './world.ts'

type Given = Extract<Result, { readonly t: 'yours' | 'second' }>

/** What a node does with a session, by the rules or by a breach of them. */
export function createNodeRules(
  { formats, isRequest, chances: { failovers = 0 } }: World,
  broker: ReturnType<typeof createBrokerRules>,
  breach: Breach | undefined,
) {
  const { isStranger } = broker
  const canFailOver = failovers > 0

  const write = ({ client, connections }: State, n: number, frame: Frame): void => {
    if (n === client.n && connections[n]!.isUp) client.down.push(frame)
  }

  const shut = ({ connections }: State, n: number): void => {
    connections[n]!.isUp = false
    connections[n]!.up = []
  }

  /** The client waits for nothing better than this connection. */
  const isCurrent = ({ client }: State, n: number): boolean => client.n === n && client.isOpen

  // The messages of the session

  const push = (state: State, session: Session, id: number): void => {
    session.out.push(id)
    if (!session.isBound) return
    write(state, session.n, { t: 'message', seq: session.acked + session.out.length, id })
  }

  const acknowledge = (state: State, session: Session, rx: number): void => {
    if (rx > session.acked + session.out.length) violate(state, 'CURSOR: the client is ahead of the node')
    while (session.acked < rx) {
      session.out.shift()
      session.acked++
    }
  }

  /** A message reaches the handlers. */
  const handle = (state: State, node: Node, id: number): void => {
    const bit = 1 << id
    if (state.handled & bit) violate(state, `DUPLICATE: ${id} is handled twice`)
    if (state.handled >= bit) violate(state, `REORDERED: ${id} is handled after what follows it`)
    if (state.undelivered & bit) violate(state, `LIE: ${id} is handled, and was reported as undelivered`)
    state.handled |= bit
    if (isRequest && id === 1) node.handler = 'running'
  }

  // Calls to the broker

  /** A take that nobody has made yet. */
  const newToken = (state: State, index: number): Token => {
    const calls = [...state.lates, ...state.nodes.flatMap(({ pending }) => pending ?? [])]
    const tokens = [
      state.broker.token,
      ...calls.map(({ call }) => ('token' in call ? call.token : 0)),
      ...state.broker.past.map(({ token }) => token),
      ...state.nodes.flatMap(({ session, tombstone }) => [session?.token ?? 0, tombstone?.token ?? 0]),
      ...state.releases.map(({ token }) => token),
    ].filter((token) => (token & 1) === index)
    return Math.max(index, ...tokens) + 2
  }

  const call = (node: Node, what: Call, run = 0): void => {
    node.pending = { call: what, run, result: undefined }
  }

  const take = (state: State, index: number, isLast: boolean): void => {
    const node = state.nodes[index]!
    const { life, waiting: n } = node
    call(node, { t: 'take', life, n, token: newToken(state, index), isLast })
  }

  const blobOf = ({ rx, acked, out, n, position }: Session, index: number): Blob => ({
    rx,
    acked,
    out: out.slice(),
    n,
    position,
    format: formats[index]!,
  })

  const begin = (node: Node): void => call(node, { t: 'begin', life: node.life, token: node.session!.token })

  /** Asks the broker to keep the session, which is frozen. */
  const park = (node: Node): void => {
    const { life, session } = node
    if (!session!.isKnown) return begin(node)
    const { token, runs, run } = session!
    call(node, { t: 'park', life, token, blob: blobOf(session!, nodeOf(life)), runs }, run)
  }

  const freeze = (state: State, index: number): void => {
    const node = state.nodes[index]!
    const session = node.session!
    session.runs = node.handler === 'running'
    if (breach !== 'copy-then-fence') fence(state, node)
    park(node)
  }

  const fence = (state: State, node: Node): void => {
    const session = node.session!
    if (session.isBound) shut(state, session.n)
    session.isBound = false
    node.role = 'parking'
    if (node.handler === 'running') node.handler = 'moved'
  }

  const release = (node: Node): void => {
    node.postRun = node.session!.run
    node.role = 'none'
    node.session = undefined
    node.isFormer = true
  }

  const own = (
    state: State,
    index: number,
    { blob, run, isOwed }: Pick<Given, 'blob' | 'run' | 'isOwed'>,
    token: Token,
  ): void => {
    const node = state.nodes[index]!
    const other = state.nodes[1 - index]!
    if (other.isUp && other.role === 'owner') violate(state, 'TWO OWNERS: both nodes have the session')
    const { rx, acked, out, n } = blob
    const position = breach === 'position-stays' ? 0 : blob.position
    node.role = 'owner'
    node.session = {
      rx,
      acked,
      out: out.slice(),
      n,
      isBound: false,
      token,
      position,
      runs: false,
      isUnsure: false,
      run,
      isOwed,
      isKnown: true,
    }
    // It was not made for this node to read.
    if (blob.format > formats[index]!) node.session = { ...node.session, rx: 0, acked: 0, out: [] }
  }

  /** Ends the session, and keeps its cursor. */
  const end = (state: State, index: number, isKnown = true): void => {
    const node = state.nodes[index]!
    const { token, rx, isBound, n, isKnown: isKnownThere } = node.session!
    if (isBound) write(state, n, { t: 'lost', rx })
    if (isBound) shut(state, n)
    release(node)
    node.handler = 'none'
    const tombstone = { token, rx: isKnown ? rx : -1 }
    if (breach !== 'end-once') node.tombstone = tombstone
    // Other nodes ask this one then.
    if (isKnownThere) call(node, { t: 'end', life: node.life, ...tombstone })
    else if (breach !== 'end-unknown') call(node, { t: 'begin', life: node.life, token })
  }

  // Greetings

  const lose = (state: State, node: Node, rx: number): void => {
    const { waiting } = node
    node.waiting = 0
    if (waiting === 0) return
    write(state, waiting, { t: 'lost', rx })
    shut(state, waiting)
  }

  /** The greeting that waits has waited too long. */
  const refuse = (state: State, index: number): void => {
    const node = state.nodes[index]!
    if (node.waiting > 0) shut(state, node.waiting)
    node.waiting = 0
  }

  const resume = (state: State, index: number, n: number, rx: number): void => {
    const node = state.nodes[index]!
    const session = node.session!
    const isLate = n <= session.n && breach !== 'any-dial'
    const isOther = isStranger(state, n)
    if (isLate && !(isOther && breach === 'identity-first')) return shut(state, n)
    if (n < session.n && isCurrent(state, session.n))
      violate(state, 'EVICTED: a late greeting ends a connection that works')
    if (isOther && breach !== 'take-as-anybody') {
      // A node ends it only when no call is under way.
      end(state, index, breach !== 'identity-without-cursor')
      node.waiting = n
      return lose(state, node, node.tombstone!.rx)
    }
    if (session.isBound && session.n !== n) shut(state, session.n)
    session.n = n
    session.isBound = true
    acknowledge(state, session, rx)
    write(state, n, { t: 'ok', rx: session.rx })
    for (const [at, id] of session.out.entries())
      write(state, n, { t: 'message', seq: session.acked + at + 1, id })
  }

  /** The greeting that waits is answered by the node that has the session now. */
  const admit = (state: State, index: number): void => {
    const node = state.nodes[index]!
    const { waiting } = node
    if (waiting === 0) return
    node.waiting = 0
    const [hi] = state.connections[waiting]!.up
    if (hi?.t !== 'hi') return
    state.connections[waiting]!.up.shift()
    resume(state, index, waiting, hi.rx)
  }

  /** A greeting stays in its connection until it is answered. */
  const greet = (state: State, index: number, n: number): void => {
    const node = state.nodes[index]!
    if (node.tombstone) {
      node.waiting = n
      return lose(state, node, node.tombstone.rx)
    }
    if (node.waiting > n) return shut(state, n)
    if (node.waiting > 0) shut(state, node.waiting)
    node.waiting = n
    if (node.role === 'owner') admit(state, index)
  }

  const receive = (state: State, index: number, n: number): void => {
    const { up } = state.connections[n]!
    if (up[0]!.t === 'hi') return greet(state, index, n)
    const frame = up.shift()!
    const node = state.nodes[index]!
    const { session } = node
    if (frame.t !== 'message' || node.role !== 'owner' || !session?.isBound || session.n !== n) return
    if (frame.seq > session.rx + 1) violate(state, 'LOST: a message of the client is missing')
    if (frame.seq === session.rx + 1) {
      session.rx++
      handle(state, node, frame.id)
    }
    write(state, n, { t: 'ack', rx: session.rx })
  }

  // Answers of the broker

  const claimed = (state: State, index: number, token: Token, n: number, result: Result): void => {
    const node = state.nodes[index]!
    if (node.role !== 'none') return
    switch (result.t) {
      case 'yours':
        own(state, index, result, token)
        return admit(state, index)
      case 'second':
        return call(node, { t: 'keep', life: node.life, token, blob: result.blob })
      case 'missing':
        return breach === 'missing-is-lost' ? lose(state, node, -1) : refuse(state, index)
      case 'late':
      case 'unreadable':
        return refuse(state, index)
      case 'ended':
        return lose(state, node, result.rx)
      case 'unknown':
        return lose(state, node, -1)
      case 'ask':
        state.releases = state.releases.filter(({ to }) => to !== nodeOf(result.at))
        state.releases.push({ to: nodeOf(result.at), n, token: result.token })
        return
      case 'done':
      case 'renewed':
      case 'forgotten':
    }
  }

  /** The broker has answered a call. */
  const hear = (state: State, index: number): void => {
    const node = state.nodes[index]!
    const { call: asked, result, run } = node.pending!
    node.pending = undefined
    if (result!.t === 'renewed') return renew(state, index)
    if (asked.t === 'take') return claimed(state, index, asked.token, asked.n, result!)
    if (asked.t === 'keep') return claimed(state, index, asked.token, node.waiting, result!)
    if (asked.t === 'hold' && result!.t === 'late') return drop(state, node)
    if (asked.t === 'begin' && result!.t === 'late') return drop(state, node)
    if ((asked.t === 'begin' || asked.t === 'hold') && node.session) node.session.isKnown = true
    if (asked.t === 'hold' && node.session) node.session.run = run
    if (asked.t !== 'park' || !node.session) return
    if (node.role === 'owner') fence(state, node)
    // Refused: another node has it, so an earlier call was executed.
    release(node)
  }

  /** Another node has the session. */
  const drop = (state: State, node: Node): void => {
    if (!node.session) return
    fence(state, node)
    release(node)
  }

  /** The broker is another one, which may have forgotten something. */
  const renew = (state: State, index: number): void => {
    const node = state.nodes[index]!
    const { session } = node
    if (!session) return
    // The park may have been executed, and another node may have taken the session.
    if (session.isUnsure && breach !== 'unsure-park') return drop(state, node)
    const { token, position, isOwed } = session
    call(node, { t: 'hold', life: node.life, token, position, isOwed }, state.broker.run)
  }

  /** Too late for the node. The broker may have executed the call, or still may. */
  const giveUp = (state: State, index: number, isLate: boolean): void => {
    const node = state.nodes[index]!
    const pending = node.pending!
    const { call: asked, result } = pending
    node.pending = undefined
    if (isLate && !result) state.lates.push(pending)
    // A session that has ended is made known as well.
    if (asked.t === 'begin' && !node.session) call(node, asked)
    if (asked.t === 'park' && node.session) node.session.isUnsure = canFailOver
    if (asked.t === 'park' && breach === 'go-on-after-a-park' && node.session) node.role = 'owner'
    if (asked.t === 'take' && breach === 'too-long-is-lost') lose(state, node, -1)
  }

  // Messages of other nodes

  const asked = (state: State, index: number, { n, token, session: given }: Release): void => {
    const node = state.nodes[index]!
    if (given) {
      if (node.role === 'none') {
        own(state, index, { ...given, blob: blobOf(given, index) }, token)
        state.broker.at = node.life
        state.broker.token = token
        admit(state, index)
      }
      return
    }
    const { session, role, tombstone } = node
    if (role === 'owner' && session) {
      // It has not heard that the broker knows the session.
      if (!session.isKnown) return
      const isOther = isStranger(state, n)
      if (n <= session.n && breach !== 'any-dial' && !(isOther && breach === 'identity-first')) return
      if (n < session.n && isCurrent(state, session.n))
        violate(state, 'EVICTED: a late claim ends a connection that works')
      if (isOther && breach !== 'take-as-anybody')
        return end(state, index, breach !== 'identity-without-cursor')
      if (breach !== 'state-in-a-message') return freeze(state, index)
      state.releases.push({ to: 1 - index, n, token, session: cloneSession(session) })
      fence(state, node)
      return release(node)
    }
    if (role !== 'none') return
    if (tombstone?.token === token) call(node, { t: 'end', life: node.life, ...tombstone })
    else if (breach !== 'no-return') call(node, { t: 'return', life: node.life, token })
  }

  // The mailbox

  /** The handler of the request is done. */
  const finish = (state: State, node: Node): void => {
    const isDirect = node.handler === 'running' || (breach === 'answer-directly' && node.role === 'owner')
    node.handler = 'none'
    if (isDirect && node.session) push(state, node.session, answer)
    else if (breach !== 'drop-what-is-late') node.outbox.push(answer)
  }

  const canPost = ({ outbox, post, role }: Node): boolean =>
    outbox.length > 0 && !post && (role !== 'parking' || breach === 'post-while-parking')

  const post = (node: Node): void => {
    const { life, posted, postRun, unsureRun } = node
    const what: Call = { t: 'post', life, item: node.outbox[0]!, count: posted + 1 }
    node.post = { call: what, run: unsureRun || postRun, result: undefined }
  }

  const posted = (state: State, node: Node): void => {
    const { call: what, result, run } = node.post!
    node.post = undefined
    if (result!.t === 'renewed' || result!.t === 'forgotten') {
      // It may have been executed, read, and forgotten.
      const mayBeRead = node.unsureRun > 0 && run !== state.broker.run && breach !== 'repeat-a-post'
      if (!mayBeRead) {
        if (result!.t === 'renewed') node.postRun = state.broker.run
        node.unsureRun = 0
        return
      }
      if (node.outbox[0]! >= lateSend) state.forgiven |= 1 << node.outbox[0]!
    }
    node.unsureRun = 0
    if (what.t === 'post' && what.item === answer && breach === 'post-then-strike')
      node.post = { call: { t: 'strike', life: node.life }, run: node.postRun, result: undefined }
    if (what.t === 'strike') return
    node.outbox.shift()
    node.posted++
  }

  const giveUpPost = (state: State, node: Node, isLate: boolean): void => {
    const { post: unanswered } = node
    node.post = undefined
    if (isLate) state.lates.push(unanswered!)
    if (canFailOver) node.unsureRun = unanswered!.run
  }

  const readMailbox = (state: State, node: Node): void => {
    const session = node.session!
    const item = state.broker.mailbox[session.position++]!
    if (isAnswer(item)) session.isOwed = false
    if (item > 0) push(state, session, item)
  }

  return {
    push,
    take,
    begin,
    park,
    freeze,
    end,
    receive,
    refuse,
    renew,
    hear,
    giveUp,
    asked,
    finish,
    canPost,
    post,
    posted,
    giveUpPost,
    readMailbox,
    shut,
  }
}
