import { encodeBody } from '@holdfast/protocol'
import type { Body, Meta } from '@holdfast/protocol'
import { missing } from '../../platform/ports.ts'

/**
 * Encodes the data of a frame, if this platform will be able to write it.
 *
 * @throws what `encodeBody` throws
 * @throws {HoldfastError} `misuse` for bytes where there is no `TextEncoder`
 */
export function encode(name: string | null, data: unknown, meta?: Meta): Body {
  const body = encodeBody(name, data, meta)
  const error = typeof body === 'string' ? undefined : missing('TextEncoder')
  if (error) throw error
  return body
}
