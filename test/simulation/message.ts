import type { HistoryEvent } from '../audit/history.ts'

/** What the receiver of a message does. Part of the message, so that a plan is complete. */
export type Wish =
  | 'nothing'
  | 'throw'
  | 'reply'
  | 'disconnect'
  | 'reconnect'
  | 'dispose'
  | 'stall'
  // Of requests only:
  | 'refuse'
  | 'wait'
  | 'never'

export type Kind = (HistoryEvent & { type: 'sent' })['kind']

/** What a message carries: its number, a wish, and some ballast. */
export interface Content {
  readonly id: number
  readonly wish: Wish
  readonly size: number
}

/** An event's or a request's data. */
export interface Payload {
  readonly id: number
  readonly wish: Wish
  readonly ballast?: string
}

export function asPayload({ id, wish, size }: Content): Payload {
  return { id, wish, ...(size > 0 && { ballast: 'ä'.repeat(size / 2) }) }
}

export function asRaw({ id, wish, size }: Content): string {
  return `${id} ${wish} ${'x'.repeat(size)}`
}

export function asBytes(content: Content): Uint8Array {
  const head = new TextEncoder().encode(asRaw({ ...content, size: 0 }))
  const bytes = new Uint8Array(head.length + content.size)
  bytes.set(head)
  return bytes
}

/** What was made of a raw message, whatever it was. */
export function fromRaw(data: string | Uint8Array): { readonly kind: Kind } & Pick<Content, 'id' | 'wish'> {
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
  const [id, wish] = text.split(' ', 2)
  return { kind: typeof data === 'string' ? 'raw' : 'binary', id: Number(id), wish: wish as Wish }
}

/** Names are data, whatever they are. */
export const eventNames = ['chat', '__proto__', 'constructor', ''] as const
export const requestName = 'ask'
