import { ReconnectingWebSocket } from 'holdfast/socket'
import { WebSocket as PartySocket } from 'partysocket'
import Reconnecting from 'reconnecting-websocket'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startServer } from '../support/server.ts'

expectNothingLeft('all')

const options = { WebSocket, minReconnectionDelay: 50, maxReconnectionDelay: 200, minUptime: 100 }

/** The class, and the two that it replaces: the same program does the same with each. */
const classes = { ReconnectingWebSocket, PartySocket, Reconnecting } as unknown as Readonly<
  Record<string, typeof ReconnectingWebSocket>
>

describe.each(Object.entries(classes))('a program that uses %s', (_, Socket) => {
  test('gets its answers before and after a cut, and what it sent meanwhile', async () => {
    await using server = await startServer()
    let dials = 0
    const socket = new Socket(() => `${server.url}/echo?dial=${++dials}`, null, options)
    const heard: unknown[] = []
    socket.onmessage = ({ data }) => heard.push(data)
    const closed = new Promise((resolve) => (socket.onclose = resolve))
    try {
      socket.send('early')
      await expect.poll(() => heard).toEqual(['early'])
      expect([socket.readyState, socket.retryCount, socket.shouldReconnect ?? true]).toEqual([1, 0, true])
      server.room().cut()
      await closed
      socket.send('meanwhile')
      await expect.poll(() => heard).toEqual(['early', 'meanwhile'])
      socket.reconnect()
      socket.send('after')
      await expect.poll(() => heard).toEqual(['early', 'meanwhile', 'after'])
      expect(dials).toBe(3)
    } finally {
      socket.close()
    }
  })
})

test('a page that puts the class in the place of WebSocket has sockets that dial with the native one', async () => {
  await using server = await startServer()
  const native = globalThis.WebSocket
  globalThis.WebSocket = class extends ReconnectingWebSocket {}
  const socket = new globalThis.WebSocket(`${server.url}/echo`)
  try {
    const heard = new Promise<unknown>((resolve) => (socket.onmessage = ({ data }) => resolve(data)))
    socket.onopen = () => socket.send('hi')
    expect(await heard).toBe('hi')
  } finally {
    socket.close()
    globalThis.WebSocket = native
  }
})
