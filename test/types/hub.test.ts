import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { createHub, schemas } from '@holdfast/server'
import type { Channel, Delivery, Hub, Peer, Position, RequestContext } from '@holdfast/server'

interface Chat {
  toClient: {
    'chat.message': { from: string; text: string }
    'room.closed': undefined
    confirm(question: string): boolean
  }
  toServer: {
    'chat.typing': { room: string }
    leave: undefined
    'chat.send'(draft: { text: string }): { id: number }
    time(): string
  }
}

const hub = createHub<Chat, { name: string }>({
  authenticate: ({ token }) => (token ? { identity: token, data: { name: token } } : undefined),
})
const peer = {} as Peer<Chat, { name: string }>

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the contract of a hub', () => {
  it('a contract types inbound events, with their peer', () => {
    compiles(() => {
      hub.on('chat.typing', (data, from) => {
        expectTypeOf(data).toEqualTypeOf<{ room: string }>()
        expectTypeOf(from).toEqualTypeOf<Peer<Chat, { name: string }>>()
        expectTypeOf(from.data.name).toEqualTypeOf<string>()
      })
      hub.on('leave', (nothing) => expectTypeOf(nothing).toEqualTypeOf<undefined>())
      hub.onAny((name, data) => expectTypeOf([name, data]).toEqualTypeOf<unknown[]>())
      // @ts-expect-error what is sent to clients does not come from them
      hub.on('chat.message', () => {})
      // @ts-expect-error a request is not an event
      hub.on('time', () => {})
    })
  })

  it('a contract types sent and broadcast events', () => {
    compiles(() => {
      const message = { from: 'me', text: 'hi' }
      expectTypeOf(peer.send('chat.message', message)).toEqualTypeOf<Delivery>()
      peer.send('room.closed', undefined, { ttl: 5 })
      hub.broadcast('chat.message', message, { except: peer, volatile: true })
      hub.broadcast('chat.message', message, { except: ({ data }) => data.name === 'me' })
      hub.broadcast('room.closed')
      // @ts-expect-error the name is not in the contract
      peer.send('chat.mesage', message)
      // @ts-expect-error the data is of the wrong type
      hub.broadcast('chat.message', { from: 'me' })
      // @ts-expect-error what clients send cannot be sent to them
      peer.send('chat.typing', { room: 'lobby' })
      // @ts-expect-error a request is not an event
      peer.send('confirm', 'sure?')
    })
  })

  it('a contract types requests in both directions', () => {
    compiles(() => {
      hub.handle('chat.send', ({ text }, from, context) => {
        expectTypeOf(from.identity).toEqualTypeOf<string | null>()
        expectTypeOf(context).toEqualTypeOf<RequestContext>()
        return Promise.resolve({ id: text.length })
      })
      hub.handle('time', () => 'now')
      expectTypeOf(peer.request('confirm', 'sure?', { timeout: 5 })).resolves.toEqualTypeOf<boolean>()
      // @ts-expect-error the answer is of the wrong type
      hub.handle('chat.send', () => ({ id: '1' }))
      // @ts-expect-error the client answers this one
      hub.handle('confirm', () => true)
      // @ts-expect-error the input is missing
      void peer.request('confirm')
    })
  })

  it('watch() of a hub types its listeners', () => {
    compiles(() => {
      hub.watch('closed', ({ peer: gone, unknown }) => {
        expectTypeOf(gone).toEqualTypeOf<typeof peer>()
        expectTypeOf(unknown).toEqualTypeOf<number>()
      })
      // @ts-expect-error there is no such thing to watch
      hub.watch('chat.typing', () => {})
    })
  })

  it('the data of peers has the type that authenticate returns', () => {
    compiles(() => {
      // @ts-expect-error the data is of the wrong type
      createHub<Chat, { name: string }>({ authenticate: () => ({ identity: null, data: { name: 5 } }) })
    })
  })
})

interface Rooms {
  channels: {
    room: { message: { from: string; text: string }; cleared: undefined }
    news: { headline: string }
  }
  presence: { room: { name: string } }
}

describe('the channels of a contract', () => {
  const rooms = createHub<Rooms, { name: string }>()

  it('are named by kind, with or without an id', () => {
    compiles(() => {
      expectTypeOf(rooms.channel(`room:${String(42)}`)).toEqualTypeOf<
        Channel<Rooms, 'room', { name: string }>
      >()
      expectTypeOf(rooms.channel('news')).toEqualTypeOf<Channel<Rooms, 'news', { name: string }>>()
      rooms.channels('room', { subscribe: ({ data }, id) => data.name === id })
      // @ts-expect-error there is no such kind
      rooms.channel('romm:42')
      // @ts-expect-error there is no such kind
      rooms.channels('romm', {})
    })
  })

  it('type what the hub publishes', () => {
    compiles(() => {
      const room = rooms.channel('room:42')
      expectTypeOf(room.publish('message', { from: 'ada', text: 'hi' })).resolves.toEqualTypeOf<Position>()
      void room.publish('message', { from: 'ada', text: 'hi' }, { id: 'x', wait: 5 })
      void room.publish('cleared')
      // @ts-expect-error an event of another kind
      void room.publish('headline', 'hi')
      // @ts-expect-error the data is missing
      void room.publish('message')
      // @ts-expect-error the data is of the wrong type
      void room.publish('message', { from: 'ada', text: 7 })
    })
  })

  it('type what the hub reads of their history and of their members', () => {
    compiles(async () => {
      const room = rooms.channel('room:42')
      for (const publication of (await room.history({ limit: 5 })).publications)
        if (publication.event === 'message')
          expectTypeOf(publication.data).toEqualTypeOf<{ from: string; text: string }>()
        else expectTypeOf(publication.data).toEqualTypeOf<undefined>()
      const [member] = await room.presence()
      expectTypeOf(member!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf((await rooms.channel('news').presence())[0]!.data).toEqualTypeOf<unknown>()
      void room.join('ada', { presence: { name: 'Ada' } })
      // @ts-expect-error the data is of the wrong type
      void room.join('ada', { presence: 'Ada' })
      rooms.onPeer((from) => room.kick(from))
    })
  })

  it('of schemas are published as the input of a schema', () => {
    compiles(async () => {
      const at = z.string().transform((text) => new Date(text))
      const room = createHub({ contract: schemas({ channels: { room: { at } } }) }).channel('room:1')
      void room.publish('at', 'today')
      expectTypeOf((await room.history()).publications[0]!.data).toEqualTypeOf<string>()
      // @ts-expect-error what comes out is not what goes in
      void room.publish('at', new Date())
    })
  })

  it('leave a hub what it is for functions that take any hub', () => {
    compiles(() => {
      expectTypeOf<Hub<Rooms>>().toExtend<Hub>()
      expectTypeOf<Hub<Chat>>().toExtend<Hub>()
    })
  })

  it('a contract without channels allows any name, for clients that receive the events of their contract', () => {
    compiles(() => {
      hub.channels('lobby', {})
      void hub.channel('lobby:1').publish('chat.message', { from: 'ada', text: 'hi' })
      void hub.channel('lobby').publish('room.closed')
      // @ts-expect-error the name is not in the contract
      void hub.channel('lobby').publish('chat.mesage', { from: 'ada', text: 'hi' })
    })
  })
})

describe('no contract', () => {
  it('a hub without a contract allows any name, and data is unknown', () => {
    compiles(() => {
      const any = createHub()
      expectTypeOf(any).toEqualTypeOf<Hub>()
      any.broadcast('whatever', { a: 1 })
      any.on('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      any.handle('whatever', (input) => expectTypeOf(input).toEqualTypeOf<unknown>())
      expectTypeOf(any.channel('whatever:1')).toEqualTypeOf<Channel>()
      void any.channel('whatever:1').publish('anything', 1)
    })
  })
})

describe('a contract from schemas', () => {
  it('a contract from schemas is that of the client, from the perspective of the server', () => {
    compiles(() => {
      const at = z.object({ time: z.string().transform((text) => new Date(text)) })
      const checked = createHub({
        contract: schemas({
          toClient: { at, confirm: { input: z.string(), output: z.stringbool() } },
          toServer: { at, sum: { input: z.array(z.coerce.number()), output: z.number() } },
        }),
      })
      checked.on('at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
      checked.broadcast('at', { time: 'today' })
      checked.handle('sum', (numbers) => numbers.reduce((sum, next) => sum + next, 0))
      checked.onPeer((from) =>
        expectTypeOf(from.request('confirm', 'sure?')).resolves.toEqualTypeOf<boolean>(),
      )
      // @ts-expect-error what comes out is not what goes in
      checked.broadcast('at', { time: new Date() })
      // @ts-expect-error the answer does not fit
      checked.handle('sum', () => 'six')
    })
  })
})
