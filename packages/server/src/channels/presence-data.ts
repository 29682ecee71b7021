import { misuse, utf8Length } from '@holdfast/protocol'
import { countOne } from '../counters.ts'
import type { ChannelParts } from './channel-parts.ts'
import { isTooDeep } from './publication.ts'

/**
 * Encodes the data of a member; undefined for none.
 *
 * @throws {HoldfastError} `misuse` for data that is too large, nests too deep, or is not JSON
 */
export function encodePresence(
  data: unknown,
  { limits: { maxPresenceBytes }, counters }: Pick<ChannelParts, 'limits' | 'counters'>,
): string | undefined {
  if (data === undefined) return undefined
  const json = stringify(data)
  if (json === undefined) throw misuse('the presence data is not JSON')
  const bytes = utf8Length(json)
  if (bytes > maxPresenceBytes) {
    countOne(counters.limitHits, 'maxPresenceBytes')
    throw misuse(`${bytes} bytes of presence data, above maxPresenceBytes`)
  }
  if (isTooDeep(json)) throw misuse('the presence data nests too deep')
  return json
}

function stringify(data: unknown): string | undefined {
  try {
    return JSON.stringify(data)
  } catch {
    return undefined
  }
}
