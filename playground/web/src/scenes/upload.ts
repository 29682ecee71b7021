import type { ScenesClient } from './types.ts'

const piece = 65_536
const now = { volatile: true }

/** Sends bytes as fast as the network accepts them. Rejects when the connection is lost. */
export async function upload(client: ScenesClient, bytes: Uint8Array, signal: AbortSignal) {
  await client.send('upload', { size: bytes.length }, now).orThrow()
  for (let at = 0; at < bytes.length; at += piece) {
    await client.drained({ below: 2 * piece, signal })
    await client.sendRaw(bytes.subarray(at, at + piece), now).orThrow()
  }
}
