import { checkNames, defaultDecodeLimits, isWithin, misuse } from '@holdfast/protocol'
import type { Listeners } from '@holdfast/protocol'
import { nobody } from './members.ts'
import { sizeOf } from './size-of.ts'
import type { SharedSubscription } from './shared-subscription.ts'
import type { Presence } from './types.ts'

const kinds = 'join, leave, update'
/** How deep data may nest: a join has four arrays and objects around it. */
const maxDepth = defaultDecodeLimits.maxDepth - 4

/** The presence of one handle of a channel. Asks the server for the members. */
export function createPresence(
  shared: SharedSubscription,
  changes: Listeners,
  isLeft: () => boolean,
  bound: { readonly maxSendBytes: number },
): Presence {
  if (!isLeft()) shared.wantMembers()
  return {
    get state() {
      return isLeft() ? nobody : shared.presence
    },
    subscribe: (listener) => changes.on('presence', listener),
    on(kind, handler) {
      checkNames([kind], kinds)
      return changes.on(kind, handler)
    },
    set(data) {
      const isFine =
        data === undefined ||
        (sizeOf(data) < bound.maxSendBytes && isWithin(data, { ...defaultDecodeLimits, maxDepth }))
      if (!isFine) throw misuse('the data of a member must be JSON that the server takes')
      if (!isLeft()) shared.setData(data)
    },
  }
}
