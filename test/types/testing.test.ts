import { createHub } from '@holdfast/server'
import type { Hub, HubOptions } from '@holdfast/server'
import { createTestPair } from '@holdfast/testing'
import type { HubPair, PlainPair, TestServer } from '@holdfast/testing'
import { correlated, createClient, schemas, session } from 'holdfast'
import type { Client, ClientOptions, Outcome } from 'holdfast'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'

interface Chat {
  toClient: { 'chat.message': { from: string; text: string }; 'room.closed': undefined }
  toServer: {
    'chat.typing': { room: string }
    leave: undefined
    'chat.send'(draft: { text: string }): { id: number }
  }
}

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('a pair', () => {
  it('a pair without a hub has a scripted server', () => {
    compiles(() => {
      const pair = createTestPair<Chat>({ createClient, token: () => 'secret' })
      expectTypeOf(pair.client).toEqualTypeOf<Client<Chat>>()
      expectTypeOf(pair.server).toEqualTypeOf<TestServer<Chat>>()
      expectTypeOf(pair).not.toHaveProperty('hub')
    })
  })

  it('a pair has a hub when it gets the factory', () => {
    compiles(() => {
      const pair = createTestPair<Chat, { name: string }>({
        createClient,
        createHub,
        wire: session(),
        hubOptions: { authenticate: () => ({ identity: null, data: { name: 'Ada' } }) },
      })
      expectTypeOf(pair.client).toEqualTypeOf<Client<Chat>>()
      expectTypeOf(pair.hub).toEqualTypeOf<Hub<Chat, { name: string }>>()
      expectTypeOf(pair).not.toHaveProperty('server')
    })
  })

  it('a pair without a contract allows any name', () => {
    compiles(() => {
      const plain = createTestPair({ createClient })
      plain.server.send('anything', 1)
      plain.client.send('anything', 1)
      expectTypeOf(plain.server.received[0]!.name).toEqualTypeOf<string>()
      const pair = createTestPair({ createClient, createHub, wire: session() })
      pair.hub.broadcast('anything', 1)
    })
  })

  it('a pair has the contract of the factories of an application', () => {
    compiles(() => {
      const createChat = (options: ClientOptions): Client<Chat> => createClient<Chat>(options)
      const createChatHub = (options: HubOptions): Hub<Chat> => createHub<Chat>(options)
      expectTypeOf(createTestPair({ createClient: createChat })).toEqualTypeOf<PlainPair<Chat>>()
      expectTypeOf(createTestPair({ createClient: createChat, createHub: createChatHub })).toEqualTypeOf<
        HubPair<Chat>
      >()
    })
  })

  it('a pair has the types of schemas, by direction', () => {
    compiles(() => {
      const contract = schemas({ toServer: { at: z.coerce.number() }, toClient: { text: z.string() } })
      const pair = createTestPair({ createClient, createHub, wire: session(), contract })
      pair.hub.on('at', (data) => expectTypeOf(data).toEqualTypeOf<number>())
      pair.client.on('text', (data) => expectTypeOf(data).toEqualTypeOf<string>())
      // @ts-expect-error not in the contract
      pair.client.send('text', 'a')
    })
  })

  it('a pair does not accept the ports that it provides', () => {
    compiles(() => {
      // @ts-expect-error the sockets are those of the network
      createTestPair({ createClient, WebSocket })
      // @ts-expect-error there is no hub that could have options
      createTestPair({ createClient, hubOptions: {} })
      // @ts-expect-error there is no scripted server beside a hub
      createTestPair({ createClient, createHub, serverOptions: {} })
    })
  })

  it('until() returns the type of the promise', () => {
    compiles(async () => {
      const { client, until } = createTestPair<Chat>({ createClient })
      expectTypeOf(await until(client.send('leave'))).toEqualTypeOf<Outcome>()
      expectTypeOf(await until(client.request('chat.send', { text: '' }))).toEqualTypeOf<{ id: number }>()
      expectTypeOf(await until(() => client.state.status === 'open')).toEqualTypeOf<void>()
    })
  })
})

describe('a scripted server', () => {
  it('a scripted server has the contract from the perspective of the server', () => {
    compiles(() => {
      const { server } = createTestPair<Chat>({ createClient, serverOptions: { requests: correlated() } })
      server.send('chat.message', { from: 'Ada', text: 'hi' })
      server.send('room.closed')
      server.on('chat.typing', ({ room }) => expectTypeOf(room).toEqualTypeOf<string>())
      server.handle('chat.send', ({ text }, connection) => {
        connection.send('room.closed')
        return { id: text.length }
      })
      // @ts-expect-error what clients send does not come from the server
      server.send('chat.typing', { room: 'a' })
      // @ts-expect-error the data is missing
      server.send('chat.message')
      // @ts-expect-error an event takes no options
      server.send('room.closed', undefined, {})
      // @ts-expect-error a request is not an event
      server.on('chat.send', () => {})
      // @ts-expect-error not what the contract promises
      server.handle('chat.send', () => ({ id: '1' }))
    })
  })

  it('a test server types what it received by its name', () => {
    compiles(() => {
      const { server } = createTestPair<Chat>({ createClient })
      for (const message of server.received) {
        if (message.name === 'chat.typing') expectTypeOf(message.data).toEqualTypeOf<{ room: string }>()
        else if (message.name === 'chat.send') expectTypeOf(message.data).toEqualTypeOf<{ text: string }>()
        else expectTypeOf(message).toEqualTypeOf<{ readonly name: 'leave'; readonly data: undefined }>()
      }
    })
  })
})
