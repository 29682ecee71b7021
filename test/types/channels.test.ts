import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { channel, createClient, schemas, session } from 'holdfast'
import type { Channel, Client, Position } from 'holdfast'

interface Message {
  from: string
  text: string
}
interface Chat {
  channels: {
    room: { message: Message; cleared: undefined }
    news: { headline: string }
  }
  presence: { room: { name: string } }
}

const url = 'ws://localhost'
const wire = session()
const client = createClient<Chat>({ url, wire })

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the channels of a contract', () => {
  it('are named by kind, with or without an id', () => {
    compiles(() => {
      const id = String(42)
      expectTypeOf(channel(client, `room:${id}`)).toEqualTypeOf<Channel<Chat, 'room'>>()
      expectTypeOf(channel(client, 'news')).toEqualTypeOf<Channel<Chat, 'news'>>()
      // @ts-expect-error there is no such kind
      channel(client, 'romm:42')
      // @ts-expect-error there is no such kind
      channel(createClient<{ toClient: { message: Message } }>({ url }), 'room:42')
      interface Extended extends Client<Chat> {
        readonly errors: readonly unknown[]
      }
      expectTypeOf(channel({} as Extended, 'room:1')).toEqualTypeOf<Channel<Chat, 'room'>>()
    })
  })

  it('type what is published and received', () => {
    compiles(async () => {
      const room = channel(client, 'room:42')
      room.on('message', (message, publication) => {
        expectTypeOf(message).toEqualTypeOf<Message>()
        expectTypeOf(publication.event).toEqualTypeOf<'message'>()
        expectTypeOf(publication.data).toEqualTypeOf<Message>()
      })
      // @ts-expect-error an event of another kind
      room.on('headline', () => {})
      expectTypeOf(room.publish('message', { from: 'ada', text: 'hi' })).resolves.toEqualTypeOf<Position>()
      void room.publish('cleared')
      void room.publish('cleared', undefined, { id: 'x', timeout: 5 })
      // @ts-expect-error the data is missing
      void room.publish('message')
      // @ts-expect-error the data is of the wrong type
      void room.publish('message', 'hi')
      const { publications } = await room.history({ limit: 5 })
      for (const publication of publications)
        if (publication.event === 'message') expectTypeOf(publication.data).toEqualTypeOf<Message>()
        else expectTypeOf(publication.data).toEqualTypeOf<undefined>()
    })
  })

  it('type the data of members, which is unknown without a type', () => {
    compiles(() => {
      const { presence } = channel(client, 'room:42')
      expectTypeOf(presence.state.members[0]!.data).toEqualTypeOf<{ name: string }>()
      presence.on('join', ({ data }) => expectTypeOf(data).toEqualTypeOf<{ name: string }>())
      presence.set({ name: 'ada' })
      presence.set(undefined)
      // @ts-expect-error the data is of the wrong type
      presence.set('ada')
      expectTypeOf(channel(client, 'news').presence.state.members[0]!.data).toEqualTypeOf<unknown>()
    })
  })

  it('accept any name and data without a contract', () => {
    compiles(() => {
      const room = channel(createClient({ url, wire }), 'room:42')
      expectTypeOf(room).toEqualTypeOf<Channel>()
      room.on('anything', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      void room.publish('anything', 1)
    })
  })

  it('of schemas are published as the input of a schema, and received as its output', () => {
    compiles(() => {
      const at = z.string().transform((text) => new Date(text))
      const contract = schemas({ channels: { room: { at } } })
      const room = channel(createClient({ url, wire, contract }), 'room:42')
      room.on('at', (data) => expectTypeOf(data).toEqualTypeOf<Date>())
      void room.publish('at', 'today')
      // @ts-expect-error what comes out is not what goes in
      void room.publish('at', new Date())
      // @ts-expect-error there is no such event
      room.on('message', () => {})
      // @ts-expect-error there is no such kind
      channel(createClient({ url, wire, contract: schemas({ toClient: {} }) }), 'room:42')
    })
  })
})
