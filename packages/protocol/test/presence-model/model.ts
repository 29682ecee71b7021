// An executable model of the members of one channel, as the broker, the nodes and a client that watches have them, by
// PROTOCOL.md.
import type { Model, Step } from '../model/search.ts'
import { cloneState, createState, encodeState } from './state.ts'
import type { Call, Data, Frame, State } from './state.ts'
import type { Breach, Chances, World } from './world.ts'

/** The node that the watching client is connected to. */
const watching = 0

export function createModel(world: World, breach?: Breach): Model<State> {
  const keys = world.isShared ? [0] : [0, 1]
  const keyOf = (session: number): number => (world.isShared ? 0 : session)

  /** What a member is by what is known of its sessions. */
  const memberOf = (sessions: readonly Data[], key: number): Data =>
    (world.isShared ? sessions : [sessions[key]!]).find((data) => data > 0) ?? 0
  const truthOf = (state: State, key: number): Data =>
    memberOf(
      state.sessions.map(({ isAlive, data }) => (isAlive ? data : 0)),
      key,
    )
  const brokerOf = (state: State, key: number): Data =>
    memberOf(
      state.entries.map((entry) => entry?.data ?? 0),
      key,
    )

  /** The broker changes a member in one step, and brings the change to the nodes that are subscribed. */
  const store = (state: State, { session, data, stamp }: Call, owner: number): void => {
    const { feed } = state
    state.entries[session] = data > 0 ? { data, owner } : undefined
    state.stamps[session] = stamp
    state.version++
    if (feed.pubsub === 'up') feed.queue.push({ version: state.version, session, data, stamp })
  }

  const call = (state: State, index: number): void => {
    const next = state.nodes[index]!.calls.shift()!
    const { session, data } = next
    const owner = state.entries[session]?.owner
    if (data > 0) {
      store(state, next, index)
      // The node that the session came from clears up when it hears of that.
      if (owner !== undefined && owner !== index) state.nodes[owner]!.calls.push({ ...next, data: 0 })
    } else if (owner === index || (owner !== undefined && breach === 'remove-anybody'))
      store(state, next, index)
  }

  const endLease = (state: State, index: number): void => {
    for (const [session, entry] of state.entries.entries())
      if (entry?.owner === index)
        store(state, { session, data: 0, stamp: state.sessions[session]!.stamp }, index)
  }

  const callFor = (state: State, session: number, data: Data): void => {
    const { node, stamp } = state.sessions[session]!
    state.nodes[node]!.calls.push({ session, data, stamp })
  }

  const reassert = (state: State, index: number): void => {
    state.nodes[index]!.isLate = false
    for (const [session, { node, isAlive, data }] of state.sessions.entries())
      if (node === index && isAlive && data > 0) callFor(state, session, data)
  }

  // The watching node

  const readMembers = (state: State): void => {
    const { feed, entries, version } = state
    for (const key of keys) if (memberOf(feed.view, key) !== brokerOf(state, key)) feed.dirty |= 1 << key
    feed.view = entries.map((entry) => entry?.data ?? 0)
    feed.stamps = state.stamps.slice()
    feed.version = version
    feed.phase = feed.seen > version ? 'reading' : 'live'
    feed.seen = 0
  }

  const startReading = ({ feed }: State): void => {
    feed.phase = feed.pubsub === 'up' || breach === 'read-then-subscribe' ? 'reading' : 'waiting'
    feed.seen = 0
    if (feed.pubsub === 'none') feed.pubsub = 'asked'
  }

  const bring = (state: State): void => {
    const { feed } = state
    const { version, session, data, stamp } = feed.queue.shift()!
    if (feed.phase === 'reading') feed.seen = version
    if (feed.phase !== 'live' || version <= feed.version) return
    if (version > feed.version + 1 && breach !== 'ignore-holes') return startReading(state)
    feed.version = version
    if (breach === 'first-leaves' && data === 0) feed.view = [0, 0]
    feed.view[session] = data
    feed.stamps[session] = stamp
    feed.dirty |= 1 << keyOf(session)
  }

  const sendAll = (state: State): void => {
    const { feed, down } = state
    const joined: Frame = { t: 'joined', n: feed.owed }
    if (breach !== 'members-first') down.push(joined)
    feed.owed = 0
    feed.dirty = 0
    for (const [index, key] of keys.entries())
      down.push({
        t: 'all',
        version: feed.sent,
        key,
        data: memberOf(feed.view, key),
        stamp: feed.stamps[key]!,
        hasMore: index < keys.length - 1,
      })
    if (breach === 'members-first') down.push(joined)
  }

  const sendChange = (state: State): void => {
    const { feed, down } = state
    const key = keys.find((each) => feed.dirty & (1 << each))!
    feed.dirty &= ~(1 << key)
    feed.sent++
    const data = memberOf(feed.view, key)
    down.push({ t: 'change', version: feed.sent, key, data, stamp: feed.stamps[key]! })
  }

  // The watching client

  const join = (state: State): void => {
    const { client } = state
    client.n++
    client.isJoining = true
    state.joins.push(client.n)
  }

  const see = (state: State, key: number, data: Data, stamp: number): void => {
    const { client } = state
    // A member of several sessions may be absent for a moment, between one of a node and one of another.
    if (client.members[key]! > 0 && data === 0 && client.stamps[key] === stamp && !world.isShared)
      state.violation ??= `FLICKER: ${key} is gone, and never was`
    client.members[key] = data
    client.stamps[key] = stamp
  }

  const receive = (state: State): void => {
    const { client } = state
    const frame = state.down.shift()!
    if (frame.t === 'joined') {
      if (frame.n !== client.n) return
      client.isJoining = false
      if (breach !== 'keep-parts') client.parts = [0, 0]
      return
    }
    if (client.isJoining) return
    if (frame.t === 'change') {
      if (client.version === undefined) return
      if (frame.version > client.version + 1 && breach !== 'apply-anything') return join(state)
      client.version = frame.version
      return see(state, frame.key, frame.data, frame.stamp)
    }
    client.parts[frame.key] ||= frame.data
    client.partStamps[frame.key] = frame.stamp
    if (frame.hasMore) return
    client.version = frame.version
    for (const key of keys) see(state, key, client.parts[key]!, client.partStamps[key]!)
    client.parts = [0, 0]
  }

  const sessionSteps = (state: State, session: number, step: Step<State>): void => {
    const { isAlive, data, node } = state.sessions[session]!
    const happen = (label: string, what: (next: State) => void, chance?: keyof Chances): void =>
      step(`${label} ${session}`, (next) => {
        if (chance) next.chances[chance]--
        what(next)
      })
    const set = (next: State, value: Data): void => {
      next.sessions[session]!.data = value
      callFor(next, session, value)
    }
    if (!isAlive) return
    if (state.changes < world.changes) {
      happen(data > 0 ? 'other data of' : 'joins:', (next) => set(next, ++next.changes))
      if (data > 0)
        happen('leaves:', (next) => {
          next.changes++
          next.sessions[session]!.stamp++
          set(next, 0)
        })
    }
    if (data === 0) return
    if (state.chances.resumes > 0)
      happen(
        'a resume of',
        (next) => {
          if (breach !== 'leave-with-connection') return
          callFor(next, session, 0)
          callFor(next, session, data)
        },
        'resumes',
      )
    // The node that gives a session up has come to an end with its calls.
    if (state.chances.moves > 0 && state.nodes[1 - node]!.isAlive && state.nodes[node]!.calls.length === 0)
      happen(
        'a move of',
        (next) => {
          next.sessions[session]!.node = 1 - node
          callFor(next, session, data)
        },
        'moves',
      )
  }

  const nodeSteps = (state: State, index: number, step: Step<State>): void => {
    const { isAlive, isLate, calls } = state.nodes[index]!
    const { chances } = state
    if (calls.length > 0) step(`the broker hears ${index}`, (next) => call(next, index), true)
    const hasEntries = state.entries.some((entry) => entry?.owner === index)
    if (!isAlive && calls.length === 0 && hasEntries && breach !== 'no-lease')
      step(`the lease of ${index} ends`, (next) => endLease(next, index), true)
    if (isLate && breach !== 'no-reassertion')
      step(`${index} sets its members again`, (next) => reassert(next, index), true)
    if (chances.pauses > 0 && isAlive && hasEntries)
      step(`${index} is late with its lease`, (next) => {
        next.chances.pauses--
        next.nodes[index]!.isLate = true
        for (const [session, entry] of next.entries.entries())
          if (entry?.owner === index) next.sessions[session]!.stamp++
        endLease(next, index)
      })
    if (chances.deaths > 0 && isAlive && index !== watching)
      step(`${index} dies`, (next) => {
        next.chances.deaths--
        next.nodes[index]!.isAlive = false
        // What it has written arrives, or does not.
        next.nodes[index]!.calls = []
        for (const session of next.sessions)
          if (session.node === index) {
            session.isAlive = false
            session.stamp++
          }
      })
  }

  const feedSteps = (state: State, step: Step<State>): void => {
    const { feed, chances, joins, down } = state
    if (joins.length > 0)
      step(
        'the node receives a join',
        (next) => {
          next.feed.owed = next.joins.shift()!
          if (next.feed.phase === 'none') startReading(next)
        },
        true,
      )
    if (feed.pubsub === 'asked')
      step(
        'pub/sub stands',
        (next) => {
          next.feed.pubsub = 'up'
          if (next.feed.phase === 'waiting') startReading(next)
        },
        true,
      )
    if (feed.phase === 'reading') step('the members are read', readMembers, true)
    if (feed.queue.length > 0) step('pub/sub brings a change', bring, true)
    if (feed.phase === 'live' && feed.owed > 0) step('the node sends all', sendAll, true)
    if (feed.phase === 'live' && feed.owed === 0 && feed.dirty > 0)
      step('the node sends a change', sendChange, true)
    if (chances.breaks > 0 && feed.pubsub === 'up')
      step('pub/sub breaks', (next) => {
        next.chances.breaks--
        next.feed.queue = []
        next.feed.pubsub = 'asked'
        if (breach !== 'no-resync') next.feed.phase = 'waiting'
      })
    if (chances.drops > 0 && feed.queue.length > 0)
      step('pub/sub loses a change', (next) => {
        next.chances.drops--
        next.feed.queue.shift()
      })
    if (down.length > 0) step('a frame reaches the client', receive, true)
    if (chances.losses > 0 && down.at(-1)?.t === 'change')
      step('the path loses a change', (next) => {
        next.chances.losses--
        next.down.pop()
      })
    if (chances.joins > 0)
      step('the client joins again', (next) => {
        next.chances.joins--
        join(next)
      })
  }

  return {
    initial: () => createState(world),
    successors(state, step) {
      for (const session of state.sessions.keys()) sessionSteps(state, session, step)
      for (const index of state.nodes.keys()) nodeSteps(state, index, step)
      feedSteps(state, step)
    },
    check() {},
    /** The client sees who is there, and nobody else. What was lost last shows with the next change. */
    isSettled: (state) =>
      !state.client.isJoining &&
      state.client.version !== undefined &&
      keys.every((key) => truthOf(state, key) === brokerOf(state, key)) &&
      (state.client.version < state.feed.sent ||
        (state.feed.version < state.version && state.chances.drops !== (world.chances.drops ?? 0)) ||
        keys.every((key) => state.client.members[key] === truthOf(state, key))),
    clone: cloneState,
    encode: encodeState,
  }
}
