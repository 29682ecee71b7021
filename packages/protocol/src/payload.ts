/** Bytes of any kind as what sockets send, without a copy; undefined for what is not bytes, a `Blob` for one. */
export function bytesOf(data: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  // Checks the tag, because a page and its frames have different classes.
  const isBuffer = Object.prototype.toString.call(data) === '[object ArrayBuffer]'
  return isBuffer ? new Uint8Array(data as ArrayBuffer) : undefined
}
