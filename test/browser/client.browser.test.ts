import { createClient } from 'holdfast'
import { expect, inject, test } from 'vitest'
import { clientSuite } from '../conformance/client-suite.ts'
import { next, reach, setStage } from '../support/stage.ts'
import type { Platform } from '../support/stage.ts'
import { engine, isWebKitGtk } from './engine.ts'

const platform: Platform = {
  serve: () => Promise.resolve({ url: inject('serverUrl') }),
  holdsGivenUpDials: engine === 'firefox',
  // What WebKitGTK has of WebSocket is libsoup's, which knows of no code from 1012 to 2999.
  unknownCodes: isWebKitGtk ? [1012] : [],
}

clientSuite('the client in a browser', platform)

test('when the network comes back, a connection without heartbeat is replaced', async () => {
  await using stage = await setStage(platform)
  const client = stage.client('/echo')
  await client.connect()
  const down = next(client, 'down')
  const opened = next(client, 'open')
  window.dispatchEvent(new Event('online'))
  expect(await down).toEqual({ reason: 'change' })
  client.send('kept')
  await opened
  const report = await stage.control({ live: 1, frames: 1 })
  expect(report).toMatchObject({ dials: 2, frames: ['{"type":"kept"}'] })
})

test('a page that becomes visible again does not wait for a long delay', async () => {
  await using stage = await setStage(platform)
  const client = stage.client('/echo', { backoff: () => 600_000 })
  await client.connect()
  await stage.control({ do: 'cut' })
  const { retryAt } = await reach(client, 'waiting')
  expect(retryAt! - Date.now()).toBeGreaterThan(500_000)
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  expect(client.state.retryAt! - Date.now()).toBeLessThan(5_400)
})

test('a URL is taken relative to the page, and http is as good as ws', async () => {
  await using stage = await setStage(platform)
  const url = stage.url('/echo')
  for (const each of [url.replace(/^ws:/, ''), url.replace(/^ws/, 'http'), `${url}#fragment`]) {
    const client = stage.client('', { url: each })
    await client.connect()
  }
  expect((await stage.control({ live: 3 })).dials).toBe(3)
})

test('a URL is taken relative to the base of the page, if it has one', async () => {
  const base = document.createElement('base')
  base.href = '/app/users/'
  document.head.append(base)
  try {
    const { host } = location
    for (const [url, expected] of [
      ['ws', `ws://${host}/app/users/ws`],
      ['/ws', `ws://${host}/ws`],
      ['?x=1', `ws://${host}/app/users/?x=1`],
    ] as const) {
      const dialed: string[] = []
      class Seen extends WebSocket {
        constructor(to: string, protocols?: string[]) {
          super(to, protocols)
          dialed.push(this.url)
        }
      }
      const client = createClient({ url, WebSocket: Seen })
      void client.connect()
      await expect.poll(() => dialed).toContain(expected)
      await client.dispose()
    }
  } finally {
    base.remove()
  }
})

test('a client that was disposed of does not listen to the page any more', async () => {
  await using stage = await setStage(platform)
  const client = stage.client('/echo')
  await client.connect()
  await client.dispose()
  window.dispatchEvent(new Event('online'))
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  expect((await stage.control({ live: 0 })).dials).toBe(1)
  expect(client.state.status).toBe('closed')
})
