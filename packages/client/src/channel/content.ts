import { isCount, isSpan } from '@holdfast/protocol'
import type { DelayRange } from '@holdfast/protocol'

/** The last publication that a subscriber has, as on the wire. */
export type WirePosition = readonly [epoch: string, offset: number, id: string]

/** A member of a channel, as on the wire. */
export type WireMember = readonly [key: string, identity: string | null, data?: unknown]

/** What a server says of a channel, checked. */
export type ChannelMessage =
  | {
      /** The answer to the join `n`: `missed` publications follow, up to `at`. */
      readonly kind: 'joined'
      readonly name: string
      readonly n: number
      readonly at: WirePosition
      readonly missed: number
    }
  | {
      /** Publications are missed: those above `at` follow. The answer to the join `n`, if there is one. */
      readonly kind: 'gap'
      readonly name: string
      readonly n: number | undefined
      readonly at: WirePosition
      readonly missed: number | undefined
    }
  | {
      /** Not subscribed: the answer to the join `n`, if there is one. */
      readonly kind: 'refused'
      readonly name: string
      readonly n: number | undefined
      readonly why: string
      /** When to ask again. */
      readonly after: DelayRange | undefined
    }
  | {
      readonly kind: 'here'
      readonly name: string
      readonly version: number
      /** All members, or the first or next ones of them. */
      readonly all: readonly WireMember[] | undefined
      readonly hasMore: boolean
      readonly set: readonly WireMember[]
      readonly gone: readonly string[]
    }
  | {
      /** Of a later version of the protocol. */
      readonly kind: 'other'
    }

/** Checks the content of a control of a server. Undefined for malformed content. */
export function readContent(content: unknown): ChannelMessage | undefined {
  if (typeof content !== 'object' || content === null) return undefined
  const { joined, gap, refused, here, n, at, missed, why, after, v, all, more, set, gone } =
    content as Record<string, unknown>
  const isNumbered = isCount(n)
  if (joined !== undefined) {
    if (!isName(joined) || !isNumbered || !isPosition(at)) return undefined
    if (gap !== undefined) return isLoss(gap) ? gapOf(joined, n, at, gap) : undefined
    return isCount(missed) ? { kind: 'joined', name: joined, n, at, missed } : undefined
  }
  if (gap !== undefined)
    return isName(gap) && isPosition(at) && isLoss(missed) ? gapOf(gap, undefined, at, missed) : undefined
  if (refused !== undefined) {
    const isFine = isName(refused) && typeof why === 'string' && (after === undefined || isSpan(after))
    if (!isFine || (n !== undefined && !isNumbered)) return undefined
    return { kind: 'refused', name: refused, n, why, after }
  }
  if (here === undefined) return { kind: 'other' }
  if (!isName(here) || !isCount(v)) return undefined
  const members = { kind: 'here', name: here, version: v, hasMore: more === true } as const
  if (all !== undefined) return isMembers(all) ? { ...members, all, set: [], gone: [] } : undefined
  const [came = [], left = []] = [set, gone]
  const isFine = isMembers(came) && Array.isArray(left) && left.every(isName)
  return isFine ? { ...members, all: undefined, set: came, gone: left } : undefined
}

/** Whether the value is a position: of the wire, or as applications keep it. */
export function isPosition(value: unknown): value is WirePosition {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [epoch, offset, id] = value as unknown[]
  return isText(epoch) && epoch.length > 0 && isPlace([offset, id])
}

/** Whether the value is the offset and the id of a publication. */
export function isPlace(value: unknown): value is readonly [offset: number, id: string] {
  return Array.isArray(value) && isCount(value[0]) && isText(value[1])
}

function gapOf(name: string, n: number | undefined, at: WirePosition, missed: number | null): ChannelMessage {
  return { kind: 'gap', name, n, at, missed: missed ?? undefined }
}

function isName(value: unknown): value is string {
  return typeof value === 'string'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64
}

function isLoss(value: unknown): value is number | null {
  return value === null || isCount(value)
}

function isMembers(value: unknown): value is readonly WireMember[] {
  return Array.isArray(value) && value.every(isMember)
}

function isMember(value: unknown): boolean {
  return Array.isArray(value) && isName(value[0]) && (value[1] === null || isName(value[1]))
}
