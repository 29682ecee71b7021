/** The stored length of a payload, in UTF-16 units, or in bytes if it is binary. */
const longestText = 4_000
const longestBytes = 64

/** Converts a payload to text, truncated if it is long. Never throws. */
export function payloadText(data: unknown): string {
  if (data === undefined) return ''
  if (typeof data === 'string') return cut(data)
  if (data instanceof ArrayBuffer) return bytesText(new Uint8Array(data))
  if (ArrayBuffer.isView(data))
    return bytesText(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  try {
    return cut(JSON.stringify(data) ?? `(${typeof data})`)
  } catch {
    return '(no JSON)'
  }
}

/** The same, indented if it is complete JSON. */
export function prettyPayload(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return payload
  }
}

function bytesText(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, longestBytes), (byte) => byte.toString(16).padStart(2, '0'))
  const rest = bytes.length > longestBytes ? ' …' : ''
  return `${bytes.length.toLocaleString('en')} bytes: ${hex.join(' ')}${rest}`
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}… (${text.length} characters)` : text
}
