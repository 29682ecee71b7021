import {
  provideClient,
  useChannel,
  useClient,
  useConnection,
  useCountdown,
  useEvent,
  usePending,
  usePresence,
  useRequest,
} from '@holdfast/svelte'
import { createClient, schemas } from 'holdfast'
import type { ChannelState, Client, ClientState, HoldfastError, PendingMessage, Position } from 'holdfast'
import { get } from 'svelte/store'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { describeRegistered } from './registered.ts'

interface Chat {
  toClient: {
    'chat.message': { from: string; text: string }
    'room.closed': undefined
    confirm(question: string): boolean
  }
  toServer: { 'chat.typing': { room: string }; find(id: number): { text: string }; ping(): number }
  channels: { room: { message: { text: string }; cleared: undefined }; news: { headline: string } }
  presence: { room: { name: string } }
}

const url = 'ws://localhost'
const client = createClient<Chat>({ url })
declare const room: () => `room:${string}`

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the functions of Svelte', () => {
  it('functions type events like the client, by a name or a function', () => {
    compiles(() => {
      useEvent(client, 'chat.message', (message) =>
        expectTypeOf(message).toEqualTypeOf<{ from: string; text: string }>(),
      )
      const name = 'chat.message' as 'chat.message' | 'room.closed'
      useEvent(
        client,
        () => name,
        (data) => expectTypeOf(data).toEqualTypeOf<{ from: string; text: string } | undefined>(),
      )
      // @ts-expect-error the name is not in the contract
      useEvent(client, 'chat.mesage', () => {})
      // @ts-expect-error what goes to the server does not come from it
      useEvent(client, 'chat.typing', () => {})
      // @ts-expect-error a request is not an event
      useEvent(client, 'confirm', () => {})
      // @ts-expect-error the handler wants something else
      useEvent(client, 'chat.message', (message: { text: number }) => message)
    })
  })

  it('functions type events by schemas', () => {
    compiles(() => {
      const at = z.object({ time: z.string().transform((text) => new Date(text)) })
      const checked = createClient({ url, contract: schemas({ toClient: { at } }) })
      useEvent(checked, 'at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
      // @ts-expect-error the name is not in the contract
      useEvent(checked, 'on', () => {})
    })
  })

  it('functions without a contract allow any name, and data is unknown', () => {
    compiles(() => {
      useEvent('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      expectTypeOf(useClient()).toEqualTypeOf<Client>()
      expectTypeOf(useClient<Chat>()).toEqualTypeOf<Client<Chat>>()
      usePresence('whatever').set([5])
      void useRequest('whatever').send([5])
    })
  })

  it('functions type the state and the selected value', () => {
    compiles(() => {
      expectTypeOf(useConnection(client).current).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection().current).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection(client, (state) => state.attempt).current).toEqualTypeOf<number>()
      expectTypeOf(useConnection((state) => state.cause?.code).current).toEqualTypeOf<number | undefined>()
      expectTypeOf(usePending(client).current).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(useCountdown(client).current).toEqualTypeOf<number | undefined>()
      // @ts-expect-error the state has no such member
      useConnection(client, (state) => state.rtt)
      // @ts-expect-error not a client
      usePending({})
    })
  })

  it('functions type channels by kind, like the client', () => {
    compiles(() => {
      const { state, publish } = useChannel(client, room, {
        on: { message: (message) => expectTypeOf(message).toEqualTypeOf<{ text: string }>() },
      })
      expectTypeOf(state).toEqualTypeOf<ChannelState>()
      expectTypeOf(publish('message', { text: 'hi' })).resolves.toEqualTypeOf<Position>()
      void publish('cleared')
      useChannel(client, () => `room:${String(42)}` as const)
      // @ts-expect-error an event of another kind
      void publish('headline', 'hi')
      // @ts-expect-error there is no such kind
      useChannel(client, 'romm:42')
      // @ts-expect-error an event of another kind
      useChannel(client, 'room:42', { on: { headline: () => {} } })
      // @ts-expect-error there is no such change
      useChannel(client, 'room:42', { watch: { gaps: () => {} } })
    })
  })

  it('functions type the data of members', () => {
    compiles(() => {
      const { members, isKnown, set } = usePresence(client, room)
      expectTypeOf(members[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(isKnown).toEqualTypeOf<boolean>()
      set({ name: 'ada' })
      // @ts-expect-error the data is of the wrong type
      set({ nam: 'ada' })
    })
  })

  it('functions type requests and their answers', () => {
    compiles(() => {
      const found = useRequest(client, 'find', { timeout: 5_000 })
      expectTypeOf(found.status).toEqualTypeOf<'idle' | 'pending' | 'ok' | 'error'>()
      expectTypeOf(found.data).toEqualTypeOf<{ text: string } | undefined>()
      expectTypeOf(found.error).toEqualTypeOf<HoldfastError | undefined>()
      expectTypeOf(found.send(7)).resolves.toEqualTypeOf<{ text: string }>()
      void useRequest(client, 'ping').send()
      // @ts-expect-error the input is missing
      void found.send()
      // @ts-expect-error an event is not a request
      useRequest(client, 'chat.typing')
      // @ts-expect-error it aborts by itself
      useRequest(client, 'find', { signal: new AbortController().signal })
    })
  })

  it('a component provides any client', () => {
    compiles(() => {
      provideClient(createClient({ url }))
      provideClient(client, { connect: true })
      // @ts-expect-error not a client
      provideClient({})
    })
  })

  it('what the functions return is a store too', () => {
    compiles(() => {
      expectTypeOf(get(useConnection(client))).toEqualTypeOf<ClientState>()
      expectTypeOf(get(useConnection((state) => state.attempt))).toEqualTypeOf<number>()
      expectTypeOf(get(useChannel(client, room))).toEqualTypeOf<ChannelState>()
      expectTypeOf(get(usePresence(client, room)).members[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(get(useRequest(client, 'find')).data).toEqualTypeOf<{ text: string } | undefined>()
    })
  })
})

const wrong = (name: string, parameter: string): string =>
  `Argument of type '"${name}"' is not assignable to parameter of type '${parameter}'.`
const wrongEvent = wrong('x', `NameOrGetter<"chat.message" | "room.closed">`)
const kinds = 'NameOrGetter<"room" | `room:${string}`>'

describeRegistered('@holdfast/svelte', [
  [`useEvent('x', () => {})`, wrongEvent],
  [`useEvent(client, 'x', () => {})`, wrongEvent],
  [`useClient().on('x', () => {})`, wrong('x', '"chat.message" | "room.closed"')],
  [
    `useEvent('chat.message', ({ txt }) => txt)`,
    `Property 'txt' does not exist on type '{ text: string; }'.`,
  ],
  [`useChannel('romm:1')`, wrong('romm:1', kinds)],
  [`usePresence('x')`, wrong('x', kinds)],
  [
    `useChannel('room:1', { on: { message: ({ txt }) => txt } })`,
    `Property 'txt' does not exist on type '{ text: string; }'.`,
  ],
  [`useRequest('typing')`, wrong('typing', 'NameOrGetter<"find">')],
  [
    `useRequest('find').send('x')`,
    `Argument of type 'string' is not assignable to parameter of type 'number'.`,
  ],
  [`useConnection((state) => state.rtt)`, `Property 'rtt' does not exist on type 'ClientState'.`],
])
