import {
  holdfast,
  provideClient,
  useChannel,
  useClient,
  useConnection,
  useCountdown,
  useEvent,
  usePending,
  usePresence,
  useRequest,
} from '@holdfast/vue'
import { createClient, schemas } from 'holdfast'
import type { ChannelState, Client, ClientState, HoldfastError, PendingMessage, Position } from 'holdfast'
import { describe, expectTypeOf, it } from 'vitest'
import type { App, Ref } from 'vue'
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
declare const app: App
declare const room: Ref<`room:${string}`>

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the composables of Vue', () => {
  it('composables type events like the client, by a name, a ref or a getter', () => {
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

  it('composables type events by schemas', () => {
    compiles(() => {
      const at = z.object({ time: z.string().transform((text) => new Date(text)) })
      const checked = createClient({ url, contract: schemas({ toClient: { at } }) })
      useEvent(checked, 'at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
      // @ts-expect-error the name is not in the contract
      useEvent(checked, 'on', () => {})
    })
  })

  it('composables without a contract allow any name, and data is unknown', () => {
    compiles(() => {
      useEvent('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      expectTypeOf(useClient()).toEqualTypeOf<Client>()
      expectTypeOf(useClient<Chat>()).toEqualTypeOf<Client<Chat>>()
      usePresence('whatever').set([5])
      void useRequest('whatever').send([5])
    })
  })

  it('composables type the state and the selected value', () => {
    compiles(() => {
      expectTypeOf(useConnection(client).value).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection().value).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection(client, (state) => state.attempt).value).toEqualTypeOf<number>()
      expectTypeOf(useConnection((state) => state.cause?.code).value).toEqualTypeOf<number | undefined>()
      expectTypeOf(usePending(client).value).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(useCountdown(client).value).toEqualTypeOf<number | undefined>()
      // @ts-expect-error the state has no such member
      useConnection(client, (state) => state.rtt)
      // @ts-expect-error not a client
      usePending({})
    })
  })

  it('composables type channels by kind, like the client', () => {
    compiles(() => {
      const { state, publish } = useChannel(client, room, {
        on: { message: (message) => expectTypeOf(message).toEqualTypeOf<{ text: string }>() },
      })
      expectTypeOf(state.value).toEqualTypeOf<ChannelState>()
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

  it('composables type the data of members', () => {
    compiles(() => {
      const { members, isKnown, set } = usePresence(client, room)
      expectTypeOf(members.value[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(isKnown.value).toEqualTypeOf<boolean>()
      set({ name: 'ada' })
      // @ts-expect-error the data is of the wrong type
      set({ nam: 'ada' })
    })
  })

  it('composables type requests and their answers', () => {
    compiles(() => {
      const found = useRequest(client, 'find', { timeout: 5_000 })
      expectTypeOf(found.status.value).toEqualTypeOf<'idle' | 'pending' | 'ok' | 'error'>()
      expectTypeOf(found.data.value).toEqualTypeOf<{ text: string } | undefined>()
      expectTypeOf(found.error.value).toEqualTypeOf<HoldfastError | undefined>()
      expectTypeOf(found.send(7)).resolves.toEqualTypeOf<{ text: string }>()
      void useRequest(client, 'ping').send()
      // @ts-expect-error the input is missing
      void found.send()
      // @ts-expect-error an event is not a request
      useRequest(client, 'chat.typing')
      // @ts-expect-error the composable aborts by itself
      useRequest(client, 'find', { signal: new AbortController().signal })
    })
  })

  it('the plugin and a component provide any client', () => {
    compiles(() => {
      app.use(holdfast, { client: createClient({ url }) })
      app.use(holdfast, { client, connect: true })
      provideClient(client, { connect: true })
      // @ts-expect-error there is no client
      app.use(holdfast, {})
    })
  })
})

const wrong = (name: string, parameter: string): string =>
  `Argument of type '"${name}"' is not assignable to parameter of type '${parameter}'.`
const wrongEvent = wrong('x', `MaybeRefOrGetter<"chat.message" | "room.closed">`)
const kinds = 'MaybeRefOrGetter<"room" | `room:${string}`>'

describeRegistered('@holdfast/vue', [
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
  [`useRequest('typing')`, wrong('typing', 'MaybeRefOrGetter<"find">')],
  [
    `useRequest('find').send('x')`,
    `Argument of type 'string' is not assignable to parameter of type 'number'.`,
  ],
  [`useConnection((state) => state.rtt)`, `Property 'rtt' does not exist on type 'ClientState'.`],
])
