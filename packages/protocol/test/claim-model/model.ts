// An executable model of a session that moves between two nodes: what the client, the nodes, the broker and the paths
// between them can do in every state, by the rules or by a breach of them.
import type { Model, Step } from '../model/search.ts'
import { createBrokerRules } from './broker.ts'
import { createClientRules } from './client.ts'
import { encodeState } from './encode.ts'
import { createNodeRules } from './node.ts'
import { answer, cloneState, createState, interrupted, lateSend, newNode } from './state.ts'
import type { Pending, State } from './state.ts'
import type { Breach, Chances, World } from './world.ts'

export function createModel(world: World, breach?: Breach): Model<State> {
  const broker = createBrokerRules(world, breach)
  const node = createNodeRules(world, broker, breach)
  const client = createClientRules(world)
  const { crashes = 0, lapses = 0, failovers = 0 } = world.chances
  /** A process that had the session has ended, or seemed to, or the broker has forgotten something. */
  const isExcused = ({ chances }: State): boolean =>
    chances.crashes + chances.lapses + chances.failovers < crashes + lapses + failovers

  const spend = (state: State, chance: keyof Chances): void => void state.chances[chance]--

  const clientSteps = (state: State, step: Step<State>): void => {
    const { client: own, chances, nodes } = state
    if (own.isLost) return
    if (own.n < world.dials)
      for (const [index, { isUp }] of nodes.entries()) {
        if (!isUp) continue
        // Nothing brings the client to the node that had the session first.
        step(`the client dials ${index}`, (next) => client.dial(next, index, false), index === 1)
        if (chances.strangers === 0) continue
        step(`the client dials ${index} as another identity`, (next) => {
          spend(next, 'strangers')
          client.dial(next, index, true)
        })
      }
    if (client.canSend(state)) step('the client sends', client.send)
    if (own.down[0])
      step(`the client gets ${own.down[0].t}`, (next) => client.receive(next, isExcused(next)), true)
  }

  const brokerSteps = (state: State, step: Step<State>): void => {
    for (const [at, late] of state.lates.entries())
      step(`the broker executes a late ${late.call.t} of life ${late.call.life}`, (next) => {
        next.lates.splice(at, 1)
        broker.execute(next, late)
      })
    if (state.chances.failovers > 0)
      for (const lost of state.broker.past.keys())
        step(`failover, ${lost + 1} writes lost`, (next) => {
          spend(next, 'failovers')
          broker.failOver(next, lost)
        })
    for (const [index, release] of state.releases.entries()) {
      const { isUp, pending } = state.nodes[release.to]!
      if (isUp && !pending)
        step(
          `${release.to} is asked for the session`,
          (next) => {
            next.releases.splice(index, 1)
            node.asked(next, release.to, release)
          },
          true,
        )
    }
    if (state.chances.expiries > 0 && state.broker.at === 4 && state.broker.blob)
      step('the parked state expires', (next) => {
        spend(next, 'expiries')
        next.broker.blob = undefined
      })
  }

  /** What becomes of a call that a node waits for. */
  const callSteps = (
    state: State,
    step: Step<State>,
    [index, which]: readonly [index: number, which: 'pending' | 'post'],
    hear: (next: State) => void,
    giveUp: (next: State, isLate: boolean) => void,
  ): void => {
    const pendingOf = (any: State): Pending => any.nodes[index]![which]!
    const { call, result } = pendingOf(state)
    const what = `${call.t} of ${index}`
    if (result) step(`the answer to the ${what}: ${result.t}`, hear, true)
    else
      step(
        `the broker executes the ${what}`,
        (next) => {
          const pending = pendingOf(next)
          pending.result = broker.execute(next, pending)
        },
        true,
      )
    step(`too late for the ${what}`, (next) => giveUp(next, false))
    if (!result && state.chances.lates > 0)
      step(`too late for the ${what}, which is under way`, (next) => {
        spend(next, 'lates')
        giveUp(next, true)
      })
  }

  const claimSteps = (state: State, index: number, step: Step<State>): void => {
    const { role, waiting, pending } = state.nodes[index]!
    if (pending)
      return callSteps(
        state,
        step,
        [index, 'pending'],
        (next) => node.hear(next, index),
        (next, isLate) => node.giveUp(next, index, isLate),
      )
    if (
      role !== 'none' &&
      state.nodes[index]!.session!.run !== state.broker.run &&
      breach !== 'failover-unnoticed'
    )
      step(`${index} sees another broker`, (next) => node.renew(next, index), true)
    if (role === 'parking') return step(`${index} parks again`, (next) => node.park(next.nodes[index]!), true)
    if (role !== 'none' || waiting === 0) return
    step(`${index} takes`, (next) => node.take(next, index, false), true)
    step(`${index} asks to try later`, (next) => node.refuse(next, index))
    if (state.chances.surrenders > 0)
      step(`${index} takes for the last time`, (next) => {
        spend(next, 'surrenders')
        node.take(next, index, true)
      })
  }

  const ownerSteps = (state: State, index: number, step: Step<State>): void => {
    const { session, pending } = state.nodes[index]!
    const { broker: record, chances } = state
    if (session!.isBound && state.made < world.down)
      step(`${index} sends`, (next) => node.push(next, next.nodes[index]!.session!, ++next.made))
    if (session!.position < record.mailbox.length && broker.canRead(record))
      step(`${index} reads the mailbox`, (next) => node.readMailbox(next, next.nodes[index]!), true)
    if (broker.isInterrupted(record) && record.running !== state.nodes[index]!.life)
      step(`${index} answers for another node`, (next) => broker.interrupt(next, isExcused(next)), true)
    if (!session!.isKnown && !pending)
      step(`${index} makes the session known`, (next) => node.begin(next.nodes[index]!), true)
    if (pending) return
    const happen = (label: string, chance: keyof Chances, what: (next: State, at: number) => void): void => {
      if (chances[chance] > 0)
        step(`${index} ${label}`, (next) => {
          spend(next, chance)
          what(next, index)
        })
    }
    happen('parks', 'parks', node.freeze)
    happen('ends the session', 'ends', (next) => node.end(next, index))
  }

  const mailSteps = (state: State, index: number, step: Step<State>): void => {
    const { handler, isFormer, post, role } = state.nodes[index]!
    if (handler !== 'none')
      step(`the handler of ${index} is done`, (next) => node.finish(next, next.nodes[index]!), true)
    if (post)
      callSteps(
        state,
        step,
        [index, 'post'],
        (next) => node.posted(next, next.nodes[index]!),
        (next, isLate) => node.giveUpPost(next, next.nodes[index]!, isLate),
      )
    else if (node.canPost(state.nodes[index]!))
      step(`${index} posts`, (next) => node.post(next.nodes[index]!), true)
    if (state.chances.sends > 0 && role !== 'owner' && (isFormer || role === 'parking'))
      step(`the application of ${index} sends`, (next) => {
        spend(next, 'sends')
        const id = lateSend + next.madeLate++
        if (breach !== 'drop-what-is-late') next.nodes[index]!.outbox.push(id)
      })
  }

  const lifeSteps = (state: State, index: number, step: Step<State>): void => {
    const { isUp, life } = state.nodes[index]!
    const { chances, broker: record } = state
    const endLease = (next: State): void => void (next.broker.leases[life] = false)
    if (isUp && chances.crashes > 0)
      step(`${index} dies`, (next) => {
        spend(next, 'crashes')
        next.nodes[index] = { ...newNode(life), isUp: false }
        next.releases = next.releases.filter(({ to }) => to !== index)
        for (const [n, { node: at }] of next.connections.entries()) if (at === index) node.shut(next, n)
      })
    if (!isUp && breach !== 'same-life' && record.leases[life])
      step(`the lease of life ${life} ends`, endLease, true)
    if (!isUp && (breach === 'same-life' || !record.leases[life]))
      step(
        `${index} starts again`,
        (next) => {
          const later = breach === 'same-life' ? life : life + 2
          next.nodes[index] = newNode(later)
          next.broker.leases[later] = true
        },
        true,
      )
    if (isUp && !record.leases[life])
      step(`the lease of ${index} lives again`, (next) => void (next.broker.leases[life] = true))
    if (isUp && chances.lapses > 0 && record.leases[life])
      step(`the lease of ${index} ends, which lives`, (next) => {
        spend(next, 'lapses')
        endLease(next)
      })
  }

  const nodeSteps = (state: State, index: number, step: Step<State>): void => {
    lifeSteps(state, index, step)
    const { isUp, role, waiting } = state.nodes[index]!
    if (!isUp) return
    for (const [n, { node: at, isUp: isOpen, up }] of state.connections.entries()) {
      if (at !== index || !isOpen || !up[0] || waiting === n) continue
      // A greeting may end the session, which is a call.
      if (up[0].t === 'hi' && role === 'owner' && state.nodes[index]!.pending) continue
      step(`${index} reads ${up[0].t} of dial ${n}`, (next) => node.receive(next, index, n), true)
    }
    claimSteps(state, index, step)
    if (role === 'owner') ownerSteps(state, index, step)
    mailSteps(state, index, step)
  }

  /** The client has all that was sent to it, and an answer. */
  const hasAll = ({ client: { got, sent }, made, madeLate, forgiven }: State): boolean => {
    const isAnswered = !world.isRequest || sent === 0 || (got & ((1 << answer) | (1 << interrupted))) > 0
    const expected = ((1 << made) - 1) * 2 + ((1 << madeLate) - 1) * (1 << lateSend)
    return isAnswered && ((got | forgiven) & expected) === expected
  }

  return {
    initial: () => createState(world),
    successors(state, step) {
      // Everything is said.
      if (state.client.isLost && state.undelivered === 0) return
      clientSteps(state, step)
      brokerSteps(state, step)
      nodeSteps(state, 0, step)
      nodeSteps(state, 1, step)
    },
    check() {},
    isSettled(state) {
      const { client: own, nodes, connections } = state
      if (own.isLost) return true
      const isBound = nodes.some(
        ({ role, session }) => role === 'owner' && session!.isBound && session!.n === own.n,
      )
      return own.isOpen && connections[own.n]!.isUp && isBound && own.acked === own.sent && hasAll(state)
    },
    /** The client would dial once more. */
    isCutOff: ({ client: { n, isOpen }, connections }) =>
      n === world.dials && !(isOpen && connections[n]!.isUp),
    clone: cloneState,
    encode: encodeState,
  }
}
