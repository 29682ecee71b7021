// An executable model of one channel: what the broker, the nodes, the clients and the paths between them can do in every
// state, by PROTOCOL.md.
import type { Model, Step } from '../model/search.ts'
import { createClientRules } from './client.ts'
import { createLogRules } from './log.ts'
import { createNodeRules } from './node.ts'
import { cloneState, createState, encodeState, nowhere, positionOf } from './state.ts'
import type { State, Subscriber } from './state.ts'
import type { Breach, Chances, World } from './world.ts'

/** Breaches that a look at the end of the log makes good, if it comes in time. */
const unprobed: ReadonlySet<Breach> = new Set([
  'no-probe',
  'two-primaries',
  'read-then-subscribe',
  'forget-what-came',
])

export function createModel(world: World, breach?: Breach): Model<State> {
  const log = createLogRules(world, breach)
  const node = createNodeRules(log, breach)
  const client = createClientRules(breach)
  const hasProbe = !breach || !unprobed.has(breach)

  const logSteps = (state: State, step: Step<State>): void => {
    const { chances, past, published } = state
    if (published < world.publications)
      step('a writer publishes', (next) => log.append(next, ++next.published))
    if (chances.repeats > 0 && published > 0)
      step('a writer publishes again', (next) => {
        next.chances.repeats--
        log.append(next, next.published)
      })
    if (chances.failovers > 0)
      for (const lost of past.keys())
        step(`failover, ${lost + 1} writes lost`, (next) => {
          next.chances.failovers--
          log.failOver(next, lost)
          for (const [index, { pubsub }] of next.nodes.entries())
            if (pubsub === 'up' && world.isStealthy) next.nodes[index]!.pubsub = 'stale'
            else if (pubsub !== 'none') node.renew(next, index)
        })
    if (chances.wipes > 0 && published > 0)
      step('the log is emptied', (next) => {
        next.chances.wipes--
        log.wipe(next)
      })
  }

  const nodeSteps = (state: State, index: number, step: Step<State>): void => {
    const { chances } = state
    const { pubsub, queue } = state.nodes[index]!
    if (pubsub === 'asked') step(`pub/sub of ${index} stands`, (next) => node.confirm(next, index), true)
    if (pubsub === 'stale' && hasProbe)
      step(`${index} hears no echo`, (next) => node.renew(next, index), true)
    if (chances.breaks > 0 && (pubsub === 'up' || pubsub === 'stale'))
      step(`pub/sub of ${index} breaks`, (next) => {
        next.chances.breaks--
        node.renew(next, index)
      })
    if (queue.length > 0) step(`pub/sub brings one to ${index}`, (next) => node.published(next, index), true)
    for (const [which, subscriber] of state.subscribers.entries())
      if (subscriber.node === index && queue.length > 0 && chances.skips > 0)
        if (subscriber.subscription.phase === 'live')
          step(`${index} leaves one out for ${which}`, (next) => {
            next.chances.skips--
            node.published(next, index, next.subscribers[which])
          })
  }

  const subscriberSteps = (state: State, index: number, step: Step<State>): void => {
    const { chances } = state
    const { subscription, up, down, phase, late, isForbidden } = state.subscribers[index]!
    const happen = (
      label: string,
      what: (next: State, subscriber: Subscriber) => void,
      chance?: keyof Chances,
    ): void =>
      step(
        `${label} ${index}`,
        (next) => {
          if (chance) next.chances[chance]--
          what(next, next.subscribers[index]!)
        },
        !chance,
      )

    if (up[0]) {
      happen('the node receives from', (next, own) => node.receive(next, own, false))
      if (up[0].t === 'join' && chances.delays > 0 && !isForbidden)
        happen('the node cannot decide for', (next, own) => node.receive(next, own, true), 'delays')
    }
    if (subscription.phase === 'reading')
      if (subscription.read) happen('the node has read for', node.finishRead)
      else happen('the log is read for', node.readLog)
    if (hasProbe && node.isBehind(state, state.subscribers[index]!))
      happen('the node compares the end of the log for', node.readFor)
    if (chances.kicks > 0 && !isForbidden) happen('the server forbids', node.forbid, 'kicks')
    if (chances.ends > 0 && subscription.phase !== 'none') happen('the server ends', node.end, 'ends')

    if (down[0]) happen('a frame reaches', client.receive)
    if (late !== nowhere) happen('the handlers are done at', (_, own) => client.finishHandlers(own))
    if (phase === 'waiting' || phase === 'left') happen('joins again:', (_, own) => client.join(own))
    if (chances.leaves > 0 && (phase === 'joined' || phase === 'joining'))
      happen('leaves:', (_, own) => client.leave(own), 'leaves')
    if (down.at(-1)?.t === 'publication') {
      if (chances.drops > 0) happen('drops one:', (_, own) => client.drop(own), 'drops')
      if (chances.losses > 0) happen('the path loses one to', (_, own) => void own.down.pop(), 'losses')
    }
    if (chances.dials > 0)
      for (let to = 0; to < world.nodes; to++)
        happen(
          `dials node ${to}:`,
          (next, own) => {
            node.unsubscribe(next, own)
            client.dial(own, to)
          },
          'dials',
        )
  }

  return {
    initial: () => createState(world),
    successors(state, step) {
      logSteps(state, step)
      for (const index of state.nodes.keys()) nodeSteps(state, index, step)
      for (const index of state.subscribers.keys()) subscriberSteps(state, index, step)
    },
    check() {},
    /** Every subscriber is at the end of the log, or was refused. */
    isSettled: ({ log: { head }, subscribers, chances }) =>
      subscribers.every(({ phase, position, isForbidden, n, ended }) =>
        isForbidden || ended === n
          ? phase === 'refused'
          : phase === 'joined' &&
            (positionOf(position) === positionOf(head) || chances.losses !== (world.chances.losses ?? 0)),
      ),
    clone: cloneState,
    encode: encodeState,
  }
}
