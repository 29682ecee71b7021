import * as valibot from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { z } from 'zod'
import { createClient, events, schemas, session } from 'holdfast'
import type { Client, Delivery, Lifecycle, Outcome, RequestContext, SocketConstructor, Wire } from 'holdfast'

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

const url = 'ws://localhost'
const client = createClient<Chat>({ url })

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('a contract from an interface', () => {
  it('an interface types sent events', () => {
    compiles(() => {
      expectTypeOf(client.send('chat.typing', { room: 'lobby' })).toEqualTypeOf<Delivery>()
      client.send('chat.typing', { room: 'lobby' }, { volatile: true })
      client.send('leave')
      client.send('leave', undefined, { ttl: 5 })
      // @ts-expect-error the name is not in the contract
      client.send('chat.tping', { room: 'lobby' })
      // @ts-expect-error the data is missing
      client.send('chat.typing')
      // @ts-expect-error the data is of the wrong type
      client.send('chat.typing', { room: 7 })
      // @ts-expect-error a request is not an event
      client.send('chat.send', { text: 'hi' })
      // @ts-expect-error what the server sends cannot be sent to it
      client.send('chat.message', { from: 'me', text: 'hi' })
    })
  })

  it('an interface types the arguments of handlers', () => {
    compiles(() => {
      client.on('chat.message', (message) =>
        expectTypeOf(message).toEqualTypeOf<{ from: string; text: string }>(),
      )
      client.once('room.closed', (nothing) => expectTypeOf(nothing).toEqualTypeOf<undefined>())
      client.onAny((name, data) => expectTypeOf([name, data]).toEqualTypeOf<unknown[]>())
      // @ts-expect-error the name is not in the contract
      client.on('chat.typing', () => {})
      // @ts-expect-error the handler wants something else
      client.on('chat.message', (message: { text: number }) => message)
      const messages = events(client, 'chat.message', { buffer: 5 })
      expectTypeOf(messages).toEqualTypeOf<AsyncIterableIterator<{ from: string; text: string }, undefined>>()
      // @ts-expect-error the name is not in the contract
      events(client, 'chat.typing')
      // @ts-expect-error a request is not an event
      events(client, 'confirm')
      interface Extended extends Client<Chat> {
        readonly errors: readonly unknown[]
      }
      const extended = {} as Extended
      expectTypeOf(events(extended, 'chat.message')).toEqualTypeOf<typeof messages>()
      // @ts-expect-error the name is not in the contract
      events(extended, 'chat.typing')
      const untyped = events(createClient({ url }), 'anything')
      expectTypeOf(untyped).toEqualTypeOf<AsyncIterableIterator<unknown, undefined>>()
    })
  })

  it('an interface types requests and their answers', () => {
    compiles(() => {
      expectTypeOf(client.request('chat.send', { text: 'hi' }, { timeout: 5 })).resolves.toEqualTypeOf<{
        id: number
      }>()
      expectTypeOf(client.request('time')).resolves.toEqualTypeOf<string>()
      // @ts-expect-error an event is not a request
      void client.request('chat.typing', { room: 'lobby' })
      // @ts-expect-error the input is of the wrong type
      void client.request('chat.send', { text: 7 })
      // @ts-expect-error the input is missing
      void client.request('chat.send')
    })
  })

  it('an interface types requests of the server, and their answers', () => {
    compiles(() => {
      client.handle('confirm', (question, context) => {
        expectTypeOf(question).toEqualTypeOf<string>()
        expectTypeOf(context).toEqualTypeOf<RequestContext>()
        return question.length > 0
      })
      client.handle('confirm', () => Promise.resolve(true))
      // @ts-expect-error the answer is of the wrong type
      client.handle('confirm', () => 'yes')
      // @ts-expect-error an event is not a request
      client.handle('chat.message', () => {})
      // @ts-expect-error the server answers this one
      client.handle('time', () => 'now')
      // @ts-expect-error a request is not an event
      client.on('confirm', () => {})
    })
  })

  it('the type of outcomes distinguishes all of them, each with its reasons', () => {
    compiles(() => {
      const outcome = {} as Outcome
      if (outcome.status === 'delivered' || outcome.status === 'sent') {
        // @ts-expect-error what went well has no reason
        void outcome.reason
      } else if (outcome.status === 'unknown')
        expectTypeOf(outcome.reason).toEqualTypeOf<'session-lost' | 'closed' | 'disposed' | 'moved'>()
      else expectTypeOf(outcome.reason).toExtend<string>()
    })
  })

  it('session() is a wire for a typed client', () => {
    compiles(() => {
      expectTypeOf(session({ window: [1, 1] })).toEqualTypeOf<Wire>()
      createClient<Chat>({ url, wire: session() }).watch('lost', (loss) => {
        expectTypeOf(loss).toEqualTypeOf<Lifecycle['lost']>()
        expectTypeOf(loss.missed).toEqualTypeOf<number | undefined>()
      })
      // @ts-expect-error a window has two numbers
      session({ window: 5 })
    })
  })

  it('the kinds of watch() are separate from events', () => {
    compiles(() => {
      client.watch('down', (cause) => expectTypeOf(cause.code).toEqualTypeOf<number | undefined>())
      client.watch('settled', ({ outcome }) =>
        expectTypeOf(outcome.status).toEqualTypeOf<'delivered' | 'sent' | 'undelivered' | 'unknown'>(),
      )
      // @ts-expect-error there is no such thing to watch
      client.watch('chat.message', () => {})
    })
  })
})

describe('no contract', () => {
  it('without a contract any name is allowed, and data is unknown', () => {
    compiles(() => {
      const any = createClient({ url })
      expectTypeOf(any).toEqualTypeOf<Client>()
      any.send('whatever', { a: 1 })
      any.send('whatever')
      any.on('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      expectTypeOf(any.request('whatever', 1)).resolves.toEqualTypeOf<unknown>()
    })
  })
})

describe('a contract from schemas', () => {
  it('sends accept the input of a zod schema, and handlers receive its output', () => {
    compiles(() => {
      const contract = {
        toClient: { at: z.object({ time: z.string().transform((text) => new Date(text)) }) },
        toServer: {
          at: z.object({ time: z.string().transform((text) => new Date(text)) }),
          sum: { input: z.array(z.number()), output: z.coerce.number() },
        },
      }
      const checked = createClient({ url, contract: schemas(contract) })
      checked.on('at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
      checked.send('at', { time: 'today' })
      expectTypeOf(checked.request('sum', [1])).resolves.toEqualTypeOf<number>()
      // @ts-expect-error what comes out is not what goes in
      checked.send('at', { time: new Date() })
      // @ts-expect-error the name is not in the contract
      checked.on('sum', () => {})
    })
  })

  it('sends accept the input of a valibot schema, and handlers receive its output', () => {
    compiles(() => {
      const length = valibot.pipe(
        valibot.string(),
        valibot.transform((text) => text.length),
      )
      const checked = createClient({ url, contract: schemas({ toClient: { length }, toServer: { length } }) })
      checked.on('length', (data) => expectTypeOf(data).toEqualTypeOf<number>())
      checked.send('length', 'four')
      // @ts-expect-error what comes out is not what goes in
      checked.send('length', 4)
    })
  })
})

describe('the option WebSocket', () => {
  it("the option WebSocket accepts the class of the platform and that of 'ws'", () => {
    compiles(() => {
      expectTypeOf(WebSocket).toExtend<SocketConstructor>()
      expectTypeOf(NodeWebSocket).toExtend<SocketConstructor>()
      createClient({ url, WebSocket: NodeWebSocket })
      createClient({ url, WebSocket })
    })
  })
})
