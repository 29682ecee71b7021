import { useChannel, useClient, useConnection, useEvent } from '@holdfast/react'
import { usePending, usePresence, useRequest } from '@holdfast/react'
import { createClient, schemas } from 'holdfast'
import type { Client, Gap, Position } from 'holdfast'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'

// What the bindings of all frameworks have in common. The test compiles this file again with each other package in place of
// `@holdfast/react`. None of the functions is called.

export interface Chat {
  toClient: {
    'chat.message': { from: string; text: string }
    'room.closed': undefined
    confirm(question: string): boolean
  }
  toServer: { 'chat.typing': { room: string }; find(id: number): { text: string }; ping(): number }
  channels: { room: { message: { text: string }; cleared: undefined }; news: { headline: string } }
  presence: { room: { name: string } }
}

export const url = 'ws://localhost'
export const client: Client<Chat> = createClient<Chat>({ url })
declare const room: `room:${string}`

export function typesEventsLikeTheClient(): void {
  useEvent(client, 'chat.message', (message) =>
    expectTypeOf(message).toEqualTypeOf<{ from: string; text: string }>(),
  )
  useEvent(client, 'room.closed', (nothing) => expectTypeOf(nothing).toEqualTypeOf<undefined>())
  const name = 'chat.message' as 'chat.message' | 'room.closed'
  useEvent(client, name, (data) =>
    expectTypeOf(data).toEqualTypeOf<{ from: string; text: string } | undefined>(),
  )
  // @ts-expect-error the name is not in the contract
  useEvent(client, 'chat.mesage', () => {})
  // @ts-expect-error what goes to the server does not come from it
  useEvent(client, 'chat.typing', () => {})
  // @ts-expect-error a request is not an event
  useEvent(client, 'confirm', () => {})
  // @ts-expect-error the handler wants something else
  useEvent(client, 'chat.message', (message: { text: number }) => message)
  // @ts-expect-error there is no handler
  useEvent(client, 'chat.message')
}

export function typesEventsBySchemas(): void {
  const at = z.object({ time: z.string().transform((text) => new Date(text)) })
  const checked = createClient({ url, contract: schemas({ toClient: { at } }) })
  useEvent(checked, 'at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
  // @ts-expect-error the name is not in the contract
  useEvent(checked, 'on', () => {})
}

export function allowsAnyNameWithoutContract(): void {
  useEvent(createClient({ url }), 'whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
  useEvent('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
  expectTypeOf(useClient()).toEqualTypeOf<Client>()
  expectTypeOf(useClient<Chat>()).toEqualTypeOf<Client<Chat>>()
  const { publish } = useChannel('whatever:1', {
    on: { message: (data) => expectTypeOf(data).toEqualTypeOf<unknown>() },
  })
  void publish('message', 5)
  usePresence('whatever').set([5])
  void useRequest('whatever').send([5])
}

export function typesTheState(): void {
  // @ts-expect-error the state has no such member
  useConnection(client, (state) => state.rtt)
  // @ts-expect-error not a client
  useConnection({}, (state: { attempt: number }) => state.attempt)
  // @ts-expect-error not a client
  usePending({})
}

export function typesChannelsByKind(): void {
  const { publish } = useChannel(client, room, {
    since: { epoch: 'e', offset: 1, id: 'i' },
    on: {
      message: (message, { event, offset }) => {
        expectTypeOf(message).toEqualTypeOf<{ text: string }>()
        expectTypeOf(event).toEqualTypeOf<'message'>()
        expectTypeOf(offset).toEqualTypeOf<number>()
      },
      cleared: (nothing) => expectTypeOf(nothing).toEqualTypeOf<undefined>(),
    },
    watch: { gap: (gap) => expectTypeOf(gap).toEqualTypeOf<Gap>() },
  })
  expectTypeOf(publish('message', { text: 'hi' })).resolves.toEqualTypeOf<Position>()
  void publish('cleared')
  // @ts-expect-error an event of another kind
  void publish('headline', 'hi')
  // @ts-expect-error the data is missing
  void publish('message')
  // @ts-expect-error there is no such kind
  useChannel(client, 'romm:42')
  // @ts-expect-error an event of another kind
  useChannel(client, 'room:42', { on: { headline: () => {} } })
  // @ts-expect-error there is no such change
  useChannel(client, 'room:42', { watch: { gaps: () => {} } })
  // @ts-expect-error the handler wants something else
  useChannel(client, 'news', { on: { headline: (headline: number) => headline } })
}

export function typesTheDataOfMembers(): void {
  const { set } = usePresence(client, room)
  set({ name: 'ada' })
  set(undefined)
  // @ts-expect-error the data is of the wrong type
  set({ nam: 'ada' })
}

export function typesRequestsAndTheirAnswers(): void {
  const { send } = useRequest(client, 'find', { timeout: 5_000 })
  expectTypeOf(send(7)).resolves.toEqualTypeOf<{ text: string }>()
  void useRequest(client, 'ping').send()
  // @ts-expect-error the input is missing
  void send()
  // @ts-expect-error the input is of the wrong type
  void send('7')
  // @ts-expect-error an event is not a request
  useRequest(client, 'chat.typing')
  // @ts-expect-error the request is aborted with its component
  useRequest(client, 'find', { signal: new AbortController().signal })
}
