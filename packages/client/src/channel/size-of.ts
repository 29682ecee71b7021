import { utf8Length } from '@holdfast/protocol'

/** The size of a value as JSON, in bytes; not a number for a value that JSON cannot represent. */
export function sizeOf(value: unknown): number {
  try {
    const json = JSON.stringify(value) as string | undefined
    return json === undefined ? NaN : utf8Length(json)
  } catch {
    return NaN
  }
}
