import { createServer } from 'node:http'
import { createSecureServer as createHttp2Server } from 'node:http2'
import { createServer as createSecureServer } from 'node:https'
import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import { WebSocket } from 'ws'
import { createHub, schemas } from './index.ts'
import type { Delivery, Hub, Peer } from './index.ts'

interface Chat {
  toClient: { message: { text: string }; bell: undefined; confirm(question: string): boolean }
  toServer: { typing: string; send(draft: { text: string }): { id: number }; stop(): void }
}

/** Never called: what is in it only has to compile, or not to. */
const never = (run: () => void): void => void run

describe('the types of a hub', () => {
  it('follow the contract', () => {
    never(() => {
      const hub = createHub<Chat>()
      hub.on('typing', (room, peer) => {
        expectTypeOf(room).toEqualTypeOf<string>()
        expectTypeOf(peer).toEqualTypeOf<Peer<Chat>>()
      })
      hub.handle('send', (draft, peer, { signal }) => {
        expectTypeOf(draft).toEqualTypeOf<{ text: string }>()
        expectTypeOf(signal.aborted).toEqualTypeOf<boolean>()
        return Promise.resolve({ id: 1 })
      })
      hub.handle('stop', () => {})
      hub.onPeer((peer) => {
        expectTypeOf(peer.send('message', { text: '' }, { ttl: 1 })).toEqualTypeOf<Delivery>()
        peer.send('bell')
        expectTypeOf(peer.request('confirm', 'sure?')).toEqualTypeOf<Promise<boolean>>()
      })
      hub.broadcast('message', { text: '' }, { except: (peer) => peer.id === '' })
      // @ts-expect-error not an event of the client
      hub.on('message', () => {})
      // @ts-expect-error a request is not an event
      hub.on('send', () => {})
      // @ts-expect-error an event is not a request
      hub.handle('typing', () => {})
      // @ts-expect-error not the answer
      hub.handle('send', () => ({ id: '1' }))
      // @ts-expect-error not the data
      hub.broadcast('message', { text: 1 })
      // @ts-expect-error no data
      hub.broadcast('message')
      // @ts-expect-error an event of the client
      hub.broadcast('typing', '')
      // @ts-expect-error a request of the server
      hub.onPeer((peer) => peer.request('send', { text: '' }))
    })
  })

  it('know the data of peers', () => {
    never(() => {
      const hub = createHub<Chat, { role: string }>({
        authenticate: ({ token }) =>
          token === undefined ? undefined : { identity: token, data: { role: 'guest' } },
      })
      hub.on('typing', (_, { data }) => expectTypeOf(data).toEqualTypeOf<{ role: string }>())
      hub.onPeer((peer) => {
        peer.data = { role: 'admin' }
        // @ts-expect-error not the data
        peer.data = 1
      })
      // @ts-expect-error not the data
      createHub<Chat, { role: string }>({ authenticate: () => ({ identity: null, data: 1 }) })
    })
  })

  it('come from schemas: what goes in is sent, what comes out is heard', () => {
    never(() => {
      const date = v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      )
      const hub = createHub({
        contract: schemas({
          toClient: { at: date, ask: { input: date, output: date } },
          toServer: { at: date, when: { input: date, output: date } },
        }),
        authenticate: () => ({ identity: null, data: 7 }),
      })
      hub.on('at', (at, { data }) => {
        expectTypeOf(at).toEqualTypeOf<Date>()
        expectTypeOf(data).toEqualTypeOf<number>()
      })
      hub.handle('when', (at) => {
        expectTypeOf(at).toEqualTypeOf<Date>()
        return '2026'
      })
      hub.onPeer((peer) => {
        peer.send('at', '2026')
        expectTypeOf(peer.request('ask', '2026')).toEqualTypeOf<Promise<Date>>()
        // @ts-expect-error what comes out
        peer.send('at', new Date())
      })
    })
  })

  it('let anything pass without a contract', () => {
    never(() => {
      const hub: Hub = createHub()
      hub.on('a', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      hub.handle('b', (input) => expectTypeOf(input).toEqualTypeOf<unknown>())
      hub.broadcast('c', 1)
      hub.broadcast('c')
    })
  })

  it('fit the servers of Node and the sockets of ws', () => {
    never(() => {
      const hub = createHub()
      hub.attach(createServer())
      hub.attach(createSecureServer())
      hub.attach(createHttp2Server({ allowHTTP1: true }))
      const server = createServer()
      server.on('upgrade', (request) => hub.accept(new WebSocket('ws://localhost'), request))
    })
  })
})
