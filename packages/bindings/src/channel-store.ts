import { channel } from 'holdfast'
import type { Channel, Client, Position } from 'holdfast'

type Listener = (...values: never[]) => unknown
type Listeners = Readonly<Record<string, Listener | undefined>>

/** What a component does with a channel, as of its last render. */
export interface ChannelTarget {
  readonly client: Client
  readonly name: string
  readonly since?: Position | undefined
  readonly on?: Listeners | undefined
  readonly watch?: Listeners | undefined
}

/** What a component shows of a channel. */
export interface ChannelPart<State> {
  /** What every part has before the server has answered. One object, so that opening a channel renders nothing. */
  readonly initial: State
  isInitial(state: State): boolean
  of(handle: Channel): Store<State>
}

interface Store<State> {
  readonly state: State
  subscribe(listener: () => void): () => void
}

/** The channel of one component. Open while the component is mounted. */
export interface ChannelStore<State> {
  /** The component has rendered. */
  aim(target: ChannelTarget): void
  /** Opens the channel, and returns the function that leaves it. */
  open(client: Client, name: string): () => void
  /** @throws {Error} before the component is mounted */
  handle(): Channel
  /** The state of that channel if it is open, and the initial one otherwise. */
  stateOf(client: Client, name: string): State
  subscribe(listener: () => void): () => void
}

interface Opened {
  readonly client: Client
  readonly handle: Channel
  /** The events that have a handler. */
  readonly events: Set<string>
}

const lifecycle = ['joined', 'refused', 'recovered', 'gap'] as const

export function createChannelStore<State>(part: ChannelPart<State>): ChannelStore<State> {
  const listeners = new Set<() => void>()
  let target: ChannelTarget
  /** The channel of the last effect. Stays when it is left, with the position from which the component continues. */
  let last: Opened | undefined
  let isOpen = false

  const isOf = (opened: Opened | undefined, client: Client, name: string): opened is Opened =>
    opened?.client === client && opened.handle.name === name

  const notify = (): void => {
    for (const listener of listeners) listener()
  }

  /** Calls the listener of the last render, unless the component has left the channel or rendered another one. */
  const call = (opened: Opened, kind: 'on' | 'watch', name: string, values: readonly unknown[]): unknown => {
    if (!isOpen || last !== opened || !isOf(opened, target.client, target.name)) return undefined
    return target[kind]?.[name]?.(...(values as never[]))
  }

  const listen = (opened: Opened): void => {
    for (const event of Object.keys(target.on ?? {})) {
      if (opened.events.has(event)) continue
      opened.events.add(event)
      opened.handle.on(event, (...values) => call(opened, 'on', event, values))
    }
  }

  return {
    aim(next) {
      target = next
      if (isOpen && isOf(last, next.client, next.name)) listen(last)
    },
    open(client, name) {
      const since = (isOf(last, client, name) ? last.handle.position : undefined) ?? target.since
      const handle = channel(client, name, { since })
      const opened: Opened = { client, handle, events: new Set() }
      last = opened
      isOpen = true
      listen(opened)
      for (const kind of lifecycle) handle.watch(kind, (value) => call(opened, 'watch', kind, [value]))
      part.of(handle).subscribe(notify)
      notify()
      return () => {
        isOpen = false
        handle.leave()
      }
    },
    handle() {
      if (!last)
        throw new Error('use the channel in an event handler or an effect, once the component is mounted')
      return last.handle
    },
    stateOf(client, name) {
      if (!isOpen || !isOf(last, client, name)) return part.initial
      const { state } = part.of(last.handle)
      return part.isInitial(state) ? part.initial : state
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
