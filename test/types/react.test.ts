import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  HoldfastProvider,
  useChannel,
  useClient,
  useConnection,
  useCountdown,
  useEvent,
  usePending,
  usePresence,
  useRequest,
} from '@holdfast/react'
import { createClient, schemas } from 'holdfast'
import type { ChannelState, Client, Gap, HoldfastError, PendingMessage, Position } from 'holdfast'
import { createElement } from 'react'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { tsxErrors } from '../support/type-check.ts'
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

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the hooks of React', () => {
  it('hooks type events like the client', () => {
    compiles(() => {
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
    })
  })

  it('hooks type events by schemas', () => {
    compiles(() => {
      const at = z.object({ time: z.string().transform((text) => new Date(text)) })
      const checked = createClient({ url, contract: schemas({ toClient: { at } }) })
      useEvent(checked, 'at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
      // @ts-expect-error the name is not in the contract
      useEvent(checked, 'on', () => {})
    })
  })

  it('hooks without a contract allow any name, and data is unknown', () => {
    compiles(() => {
      useEvent(createClient({ url }), 'whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      useEvent('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      expectTypeOf(useClient()).toEqualTypeOf<Client>()
      expectTypeOf(useClient<Chat>()).toEqualTypeOf<Client<Chat>>()
    })
  })

  it('hooks type the selected value', () => {
    compiles(() => {
      expectTypeOf(useConnection(client, (state) => state.attempt)).toEqualTypeOf<number>()
      expectTypeOf(useConnection((state) => state.cause?.code)).toEqualTypeOf<number | undefined>()
      // @ts-expect-error the state has no such member
      useConnection(client, (state) => state.rtt)
      // @ts-expect-error not a client
      useConnection({}, (state: { attempt: number }) => state.attempt)
    })
  })

  it('hooks type channels by kind, like the client', () => {
    compiles(() => {
      const room = useChannel(client, `room:${String(42)}`, {
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
      expectTypeOf(room.state).toEqualTypeOf<ChannelState>()
      expectTypeOf(room.publish('message', { text: 'hi' })).resolves.toEqualTypeOf<Position>()
      void room.publish('cleared')
      // @ts-expect-error an event of another kind
      void room.publish('headline', 'hi')
      // @ts-expect-error the data is missing
      void room.publish('message')
      // @ts-expect-error there is no such kind
      useChannel(client, 'romm:42')
      // @ts-expect-error an event of another kind
      useChannel(client, 'room:42', { on: { headline: () => {} } })
      // @ts-expect-error there is no such change
      useChannel(client, 'room:42', { watch: { gaps: () => {} } })
      // @ts-expect-error the handler wants something else
      useChannel(client, 'news', { on: { headline: (headline: number) => headline } })
    })
  })

  it('hooks type the data of members', () => {
    compiles(() => {
      const { members, isKnown, set } = usePresence(client, 'room:42')
      expectTypeOf(members[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(isKnown).toEqualTypeOf<boolean>()
      set({ name: 'ada' })
      set(undefined)
      // @ts-expect-error the data is of the wrong type
      set({ nam: 'ada' })
      expectTypeOf(usePresence(client, 'news').members[0]!.data).toEqualTypeOf<unknown>()
    })
  })

  it('hooks type requests and their answers', () => {
    compiles(() => {
      const found = useRequest(client, 'find', { timeout: 5_000 })
      expectTypeOf(found.status).toEqualTypeOf<'idle' | 'pending' | 'ok' | 'error'>()
      if (found.status === 'ok') expectTypeOf(found.data).toEqualTypeOf<{ text: string }>()
      if (found.status === 'error') expectTypeOf(found.error).toEqualTypeOf<HoldfastError>()
      expectTypeOf(found.send(7)).resolves.toEqualTypeOf<{ text: string }>()
      void useRequest(client, 'ping').send()
      void useRequest('whatever').send([5])
      // @ts-expect-error the input is missing
      void found.send()
      // @ts-expect-error the input is of the wrong type
      void found.send('7')
      // @ts-expect-error an event is not a request
      useRequest(client, 'chat.typing')
      // @ts-expect-error the hook aborts by itself
      useRequest(client, 'find', { signal: new AbortController().signal })
    })
  })

  it('hooks type the messages without an outcome, and the seconds until the next attempt', () => {
    compiles(() => {
      expectTypeOf(usePending(client)).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(usePending()).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(useCountdown(client)).toEqualTypeOf<number | undefined>()
      expectTypeOf(useCountdown()).toEqualTypeOf<number | undefined>()
      // @ts-expect-error not a client
      usePending({})
    })
  })

  it('hooks of channels without a contract allow any name, and data is unknown', () => {
    compiles(() => {
      const room = useChannel('whatever:1', {
        on: { message: (data) => expectTypeOf(data).toEqualTypeOf<unknown>() },
      })
      void room.publish('message', 5)
      usePresence('whatever').set([5])
    })
  })

  it('a provider accepts any client', () => {
    compiles(() => {
      createElement(HoldfastProvider, { client: createClient({ url }) })
      createElement(HoldfastProvider, { client, connect: true }, 'text')
      // @ts-expect-error there is no client
      createElement(HoldfastProvider, {})
    })
  })
})

const wrongChannel = (name: string): string =>
  `Argument of type '"${name}"' is not assignable to parameter of type '"room" | \`room:\${string}\`'.`
const wrongName = `Argument of type '"x"' is not assignable to parameter of type '"chat.message" | "room.closed"'.`

describeRegistered('@holdfast/react', [
  [`useEvent('x', () => {})`, wrongName],
  [`useEvent(client, 'x', () => {})`, wrongName],
  [`useClient().on('x', () => {})`, wrongName],
  [
    `useEvent('chat.message', ({ txt }) => txt)`,
    `Property 'txt' does not exist on type '{ text: string; }'.`,
  ],
  [`useChannel('romm:1')`, wrongChannel('romm:1')],
  [`usePresence('x')`, wrongChannel('x')],
  [
    `useChannel('room:1', { on: { message: ({ txt }) => txt } })`,
    `Property 'txt' does not exist on type '{ text: string; }'.`,
  ],
  [`useRequest('typing')`, `Argument of type '"typing"' is not assignable to parameter of type '"find"'.`],
  [
    `useRequest('find').send('x')`,
    `Argument of type 'string' is not assignable to parameter of type 'number'.`,
  ],
  [`useConnection((state) => state.rtt)`, `Property 'rtt' does not exist on type 'ClientState'.`],
])

it('every example in the guide to the hooks compiles', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../packages/react/README.md'), 'utf8')
  const programs = [...guide.matchAll(/^```tsx\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
  const [first = '', ...rest] = programs.toSorted(
    (a, b) => Number(b.startsWith('// client')) - Number(a.startsWith('// client')),
  )
  expect(rest).toHaveLength(3)
  expect(guide.split('\n').length).toBeLessThan(150)
  const others = rest.map((code) => code.replace(`'./client'`, `'./program-0.tsx'`))
  expect(tsxErrors(first, ...others)).toEqual([])
})
