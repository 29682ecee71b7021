import { encodeBody } from '@holdfast/protocol'
import type { Body, Meta } from '@holdfast/protocol'
import { missing } from '../connection/ports.ts'

/**
 * Encodes the data of a frame, if this platform can write it.
 *
 * @throws the exceptions of `encodeBody`
 * @throws {HoldfastError} `misuse` for bytes without a `TextEncoder`
 */
export function encode(name: string | null, data: unknown, meta?: Meta): Body {
  const body = encodeBody(name, data, meta)
  const error = typeof body === 'string' ? undefined : missing('TextEncoder')
  if (error) throw error
  return body
}
