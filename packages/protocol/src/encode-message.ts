import { misuse } from './errors.ts'
import type { Checks } from './schema.ts'

/**
 * Encodes an event, or a request if there is an `id`, with `encode`. `outgoing` validates it first, if the contract has
 * schemas.
 *
 * @throws {HoldfastError} `misuse` for a name that is not a string, and for data that the contract or the wire cannot take
 */
export function encodeMessage<Encoded>(
  outgoing: Checks | undefined,
  name: string,
  data: unknown,
  id: number | undefined,
  encode: (name: string, data: unknown, id?: number) => Encoded,
): Encoded {
  if (typeof name !== 'string') throw misuse('the name of an event must be a string')
  outgoing?.message(name, data, id !== undefined)
  try {
    return encode(name, data, id)
  } catch (error) {
    const { message: why = String(error) } = Object(error) as Partial<Error>
    throw misuse(`'${name}' cannot be encoded: ${why}`, error)
  }
}
