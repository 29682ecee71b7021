import { createChannelStore } from '@holdfast/bindings'
import type { ChannelPart, ChannelTarget } from '@holdfast/bindings'
import type { Channel, Client } from 'holdfast'
import type { MaybeRefOrGetter, ShallowRef } from 'vue'
import { follow } from './follow.ts'
import { useState } from './use-state.ts'

/** Subscribes to a channel while the scope is active, and returns what the part shows of it. */
export function usePart<State>(
  part: ChannelPart<State>,
  client: Client,
  name: MaybeRefOrGetter<string>,
  options?: Omit<ChannelTarget, 'client' | 'name'>,
): { readonly state: Readonly<ShallowRef<State>>; handle(): Channel } {
  const store = createChannelStore(part)
  const { state, set } = useState(part.initial)
  follow(name, (current) => {
    store.aim({ ...options, client, name: current })
    const stop = store.subscribe(() => set(store.stateOf(client, current)))
    const leave = store.open(client, current)
    return () => {
      stop()
      leave()
      set(part.initial)
    }
  })
  return { state, handle: store.handle }
}
