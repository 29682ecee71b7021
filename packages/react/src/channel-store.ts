import { channel } from 'holdfast'
import type { Channel, Client, Position } from 'holdfast'

/** What a component does with a channel, as of its last render. */
export interface ChannelTarget {
  readonly client: Client
  readonly name: string
  readonly since?: Position | undefined
  readonly on?: Readonly<Record<string, Listener | undefined>> | undefined
  readonly watch?: Readonly<Record<string, Listener | undefined>> | undefined
}

type Listener = (...values: never[]) => unknown

/** The part of a channel that a component shows. */
interface Part<State> {
  readonly state: State
  subscribe(listener: () => void): () => void
}

/** The channel of a component. Open while the component is mounted. */
export interface ChannelStore<State> {
  /** The component has rendered. */
  aim(target: ChannelTarget): void
  /** Opens the channel, and returns the function that leaves it. */
  open(client: Client, name: string): () => void
  /** @throws {Error} while the component is not mounted */
  handle(): Channel
  /** That of the channel if it is open, and the initial one otherwise. */
  stateOf(client: Client, name: string): State
  subscribe(listener: () => void): () => void
}

const lifecycle = ['joined', 'refused', 'recovered', 'gap'] as const

export function createChannelStore<State>(
  partOf: (handle: Channel) => Part<State>,
  initial: State,
): ChannelStore<State> {
  const listeners = new Set<() => void>()
  let target: ChannelTarget
  let current: { readonly client: Client; readonly handle: Channel } | undefined

  const notify = (): void => {
    for (const listener of listeners) listener()
  }
  /** Calls the handler of the last render, unless that is of another channel. */
  const call = (
    { client, handle }: NonNullable<typeof current>,
    kind: 'on' | 'watch',
    name: string,
    values: unknown[],
  ): unknown => {
    if (target.client !== client || target.name !== handle.name) return undefined
    return target[kind]?.[name]?.(...(values as never[]))
  }

  return {
    aim(next) {
      target = next
    },
    open(client, name) {
      const handle = channel(client, name, { since: target.since })
      const opened = (current = { client, handle })
      const heard = new Set(Object.keys(target.on ?? {}))
      for (const event of heard) handle.on(event, (...values) => call(opened, 'on', event, values))
      for (const kind of lifecycle) handle.watch(kind, (value) => call(opened, 'watch', kind, [value]))
      partOf(handle).subscribe(notify)
      notify()
      return () => {
        current = undefined
        handle.leave()
      }
    },
    handle() {
      if (!current) throw new Error('the channel is open only while the component is mounted')
      return current.handle
    },
    stateOf: (client, name) =>
      current?.client === client && current.handle.name === name ? partOf(current.handle).state : initial,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
