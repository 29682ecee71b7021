import { misuse, utf8Length } from '@holdfast/protocol'

/** The longest name of a channel, in UTF-16 units. */
export const maxChannelName = 256

/** The name of a channel, taken apart: `room:42` is the channel 42 of the kind `room`. A kind alone is a channel too. */
export interface ChannelName {
  readonly kind: string
  readonly id: string
}

/**
 * Returns undefined for what is not the name of a channel. A name with a lone surrogate is none: a store that keeps names in UTF-8 would
 * take it for another one.
 */
export function parseName(name: unknown): ChannelName | undefined {
  if (typeof name !== 'string' || name.length > maxChannelName || utf8Length(name) < 0) return undefined
  const colon = name.indexOf(':')
  const kind = colon < 0 ? name : name.slice(0, colon)
  return kind === '' ? undefined : { kind, id: colon < 0 ? '' : name.slice(colon + 1) }
}

/** @throws {HoldfastError} `misuse` */
export function checkName(name: unknown): ChannelName {
  const parsed = parseName(name)
  if (!parsed) throw misuse('the name of a channel must be kind or kind:id, of 1 to 256 characters')
  return parsed
}
