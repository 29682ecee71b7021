import { createChannelStore } from '@holdfast/bindings'
import type { ChannelPart, ChannelTarget } from '@holdfast/bindings'
import type { Channel, Client } from 'holdfast'
import { follow } from './follow.ts'
import type { NameOrGetter } from './follow.ts'
import { toReactive } from './reactive.ts'
import type { Reactive } from './reactive.ts'

/** Subscribes to a channel while the component is mounted, and returns what the part shows of it. */
export function usePart<State>(
  part: ChannelPart<State>,
  client: Client,
  name: NameOrGetter<string>,
  options?: Omit<ChannelTarget, 'client' | 'name'>,
): { readonly shown: Reactive<State>; handle(): Channel } {
  const store = createChannelStore(part)
  let opened: string | undefined
  follow(name, (current) => {
    opened = current
    store.aim({ ...options, client, name: current })
    return store.open(client, current)
  })
  const shown = {
    get state() {
      return opened === undefined ? part.initial : store.stateOf(client, opened)
    },
    subscribe: store.subscribe,
  }
  return { shown: toReactive(shown, part.initial), handle: store.handle }
}
