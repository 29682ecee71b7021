/** A decoded JSON frame. A frame without a name is not an event, but it may answer a request by its id. */
export interface PlainFrame {
  readonly type?: unknown
  readonly data: unknown
  readonly id?: unknown
  /** The error in the answer to a failed request. */
  readonly error?: unknown
}

/** Turns events into JSON text and back. Pure: no state, no clock, no I/O. */
export interface PlainCodec {
  /**
   * Encodes an event, or a request if the id and the property that carries it are given.
   *
   * @throws {TypeError} for data that JSON cannot represent (cycles, bigint, functions), or that does not fit the
   * shape
   */
  encode(type: string, data: unknown, idKey?: string, id?: string): string
  /** Decodes a text, or returns undefined if it is not a JSON object. */
  decode(text: string, idKey?: string): PlainFrame | undefined
}

/**
 * `{"type":"chat","message":"hi"}`: the data is an object whose properties are next to the name; decoded data is the
 * whole frame.
 */
export const flatCodec: PlainCodec = {
  encode(type, data, idKey, id) {
    const head = openFrame(type, idKey, id)
    if (data === undefined) return head + '}'
    const json = toJson(data)
    if (json[0] !== '{') throw new TypeError('flat data must be an object')
    // The result of `toJSON` may have other keys than the data.
    const hasToJson = typeof (data as { toJSON?: unknown }).toJSON === 'function'
    const record = (hasToJson ? JSON.parse(json) : data) as Record<string, unknown>
    for (const key of id === undefined ? ['type'] : ['type', idKey!])
      if (Object.hasOwn(record, key) && record[key] !== undefined)
        throw new TypeError(`flat data cannot have a '${key}' of its own`)
    return json === '{}' ? head + '}' : `${head},${json.slice(1)}`
  },
  decode: (text, idKey) => parseFrame(text, (record) => record, idKey),
}

/** `{"type":"chat","data":"hi"}`: the data is any JSON value. */
export const envelopeCodec: PlainCodec = {
  encode(type, data, idKey, id) {
    const head = openFrame(type, idKey, id)
    return data === undefined ? head + '}' : `${head},"data":${toJson(data)}}`
  },
  decode: (text, idKey) => parseFrame(text, (record) => record['data'], idKey),
}

function openFrame(type: string, idKey: string | undefined, id: string | undefined): string {
  const name = `{"type":${JSON.stringify(type)}`
  return id === undefined ? name : `${name},${JSON.stringify(idKey)}:${JSON.stringify(id)}`
}

function toJson(data: unknown): string {
  const json = JSON.stringify(data)
  if (json === undefined) throw new TypeError(`a ${typeof data} is not JSON`)
  return json
}

function parseFrame(
  text: string,
  dataOf: (record: Record<string, unknown>) => unknown,
  idKey: string | undefined,
): PlainFrame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const record = value as Record<string, unknown>
  const type = record['type']
  const data = dataOf(record)
  return idKey === undefined ? { type, data } : { type, data, id: record[idKey], error: record['error'] }
}
