import {
  defaultDecodeLimits,
  encodeMessage,
  isWithin,
  maxNameLength,
  misuse,
  utf8Length,
} from '@holdfast/protocol'
import type { Checks, DecodeLimits } from '@holdfast/protocol'
import type { LogEntry } from './broker.ts'

/** The bounds of data, so that clients accept the lists of publications and of members which contain it. */
const limits: DecodeLimits = {
  ...defaultDecodeLimits,
  maxDepth: defaultDecodeLimits.maxDepth - 4,
  maxKeys: defaultDecodeLimits.maxKeys - 16,
}

/** Whether the data that was encoded nests deeper than clients accept, or has more keys. */
export function isTooDeep(json: string): boolean {
  // Text cannot nest deeper than half of its length.
  return json.length > 2 * limits.maxDepth && !isWithin(JSON.parse(json), limits)
}

/**
 * Encodes the event of a publication: the text of its frame between the numbers and the place, so that one text serves
 * all that is made of it.
 *
 * @throws {HoldfastError} `misuse` for data that the wire or the contract does not accept
 */
export function encodePublication(checks: Checks | undefined, event: string, data: unknown): string {
  return encodeMessage(checks, event, data, undefined, encodeEvent)
}

function encodeEvent(event: string, data: unknown): string {
  if (event.length > maxNameLength) throw new TypeError('the name is too long')
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer)
    throw misuse('channels carry JSON only: encode bytes as text')
  const head = `,${JSON.stringify(event)}`
  if (data === undefined) return `${head},null,{"absent":true,`
  const json = JSON.stringify(data) as string | undefined
  if (json === undefined) throw new TypeError(`a ${typeof data} is not JSON`)
  if (isTooDeep(json))
    throw new TypeError(`the data nests deeper than ${limits.maxDepth}, or has too many keys`)
  return `${head},${json},{`
}

/** The event of a publication, as `history` returns it. */
export function decodePublication(text: string): { readonly event: string; readonly data: unknown } {
  const [event, data, meta] = JSON.parse(`[${text.slice(1)}"channel":0}]`) as [
    string,
    unknown,
    { absent?: true },
  ]
  return { event, data: meta.absent ? undefined : data }
}

/** A publication on its way to the subscribers of one channel, each form of which is encoded once. */
export class Publication {
  readonly entry: LogEntry
  readonly #tail: string
  #frame: string | undefined
  #plain: string | undefined
  #bytes = 0

  /** `channelJson` is the encoded name. */
  constructor(channelJson: string, entry: LogEntry) {
    this.entry = entry
    this.#tail = channelJson
  }

  /** The frame for a client that has joined the channel. */
  get frame(): string {
    const { text, offset, id } = this.entry
    return (this.#frame ??= `[0,0${text}"channel":${this.#tail},"at":[${offset},${JSON.stringify(id)}]}]`)
  }

  /** The frame for a client that the application has subscribed: an event. */
  get plain(): string {
    const { text } = this.entry
    return (this.#plain ??= text.endsWith('{') ? `[0,0${text.slice(0, -2)}]` : `[0,0${text.slice(0, -1)}}]`)
  }

  /** The size of the frame in UTF-8. */
  get bytes(): number {
    return (this.#bytes ||= utf8Length(this.frame))
  }
}
