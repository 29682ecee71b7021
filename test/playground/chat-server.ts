import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { createChatServer } from '../../playground/server/chat.ts'
import { join, type Peer } from './peer.ts'

type Options = Parameters<typeof createChatServer>[1]

/** A chat server on a port of its own, which ends with the test at the latest. */
export async function openChat(options?: Options): Promise<{ url: string; close(): Promise<void> }> {
  const http = createServer()
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const chat = createChatServer(http, options)
  let closed: Promise<unknown> | undefined
  const close = async (): Promise<void> => {
    if (!closed) {
      closed = once(http, 'close')
      chat.close()
      http.close()
    }
    await closed
  }
  onTestFinished(close)
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`, close }
}

/** Ann and Bo have joined, and have taken all that was said about that. */
export async function openPair(options?: Options): Promise<{ url: string; ann: Peer; bo: Peer }> {
  const { url } = await openChat(options)
  const ann = await join(url, 'Ann')
  const bo = await join(url, 'Bo')
  await ann.next()
  return { url, ann, bo }
}
