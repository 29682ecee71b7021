import { isHoldfastError } from '@holdfast/protocol'
import type { Shared } from './journal.ts'
import type { Wish } from './message.ts'
import type { Send } from './plan.ts'

/** What an application does about the wishes that are not the same at both ends. */
export type Deeds = Readonly<Record<'reply' | 'disconnect' | 'reconnect' | 'dispose', () => void>>

/** Does what the sender of a message wished for; what concerns answers is done where requests are answered. */
export function grantWish(wish: Wish, shared: Shared, deeds: Deeds): void {
  const granted = shared.grantable(wish)
  switch (granted) {
    case 'reply':
    case 'disconnect':
    case 'reconnect':
    case 'dispose':
      return deeds[granted]()
    case 'stall':
      return shared.stall(400)
    case 'throw':
      throw new WishedError()
    case 'nothing':
    case 'refuse':
    case 'wait':
    case 'never':
  }
}

/** A message back. */
export function reply(from: Send['from']): Send {
  return { do: 'send', from, kind: 'event', count: 1, size: 0, wish: 'nothing' }
}

/** What a handler throws because a message wished for it. */
export class WishedError extends Error {
  constructor() {
    super('as wished')
  }
}

/** Whether it was requested: messages request it, and so do answers of any size. */
export function isWished(error: unknown): boolean {
  if (!isHoldfastError(error)) return error instanceof WishedError
  return error.reason === 'as wished' || error.message.startsWith('the answer is larger')
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
