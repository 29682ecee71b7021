import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastProvider } from '@holdfast/react'
import * as react from '@holdfast/react'
import * as svelte from '@holdfast/svelte'
import * as vue from '@holdfast/vue'
import { createClient } from 'holdfast'
import type { ChannelState, ClientState, HoldfastError, PendingMessage } from 'holdfast'
import { createElement } from 'react'
import { get } from 'svelte/store'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { App, Ref } from 'vue'
import { tsxErrors } from '../support/type-check.ts'
import { client, url } from './bindings.ts'

declare const app: App
declare const room: Ref<`room:${string}`>
declare const roomOf: () => `room:${string}`

type Names = 'chat.message' | 'room.closed'
interface Text {
  text: string
}

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the bindings', () => {
  it('of Vue and Svelte type calls like those of React', async () => {
    const checks = await readFile(join(import.meta.dirname, 'bindings.ts'), 'utf8')
    const programs = ['vue', 'svelte'].map((name) =>
      checks.replaceAll('@holdfast/react', `@holdfast/${name}`),
    )
    expect(tsxErrors(...programs)).toEqual([])
  })
})

describe('the hooks of React', () => {
  it('hooks return plain values', () => {
    compiles(() => {
      const { useChannel, useConnection, useCountdown, usePending, usePresence, useRequest } = react
      expectTypeOf(useConnection(client, (state) => state.attempt)).toEqualTypeOf<number>()
      expectTypeOf(useConnection((state) => state.cause?.code)).toEqualTypeOf<number | undefined>()
      expectTypeOf(useChannel(client, roomOf()).state).toEqualTypeOf<ChannelState>()
      const { members, isKnown } = usePresence(client, 'room:42')
      expectTypeOf(members[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(isKnown).toEqualTypeOf<boolean>()
      expectTypeOf(usePresence(client, 'news').members[0]!.data).toEqualTypeOf<unknown>()
      const found = useRequest(client, 'find')
      expectTypeOf(found.status).toEqualTypeOf<'idle' | 'pending' | 'ok' | 'error'>()
      if (found.status === 'ok') expectTypeOf(found.data).toEqualTypeOf<Text>()
      if (found.status === 'error') expectTypeOf(found.error).toEqualTypeOf<HoldfastError>()
      expectTypeOf(usePending(client)).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(usePending()).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(useCountdown(client)).toEqualTypeOf<number | undefined>()
      expectTypeOf(useCountdown()).toEqualTypeOf<number | undefined>()
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
})

describe('the composables of Vue', () => {
  it('composables accept refs and getters, and return refs', () => {
    compiles(() => {
      const { useChannel, useConnection, useCountdown, useEvent, usePending, usePresence, useRequest } = vue
      const name = 'chat.message' as Names
      useEvent(
        client,
        () => name,
        (data) => expectTypeOf(data).toEqualTypeOf<{ from: string; text: string } | undefined>(),
      )
      expectTypeOf(useConnection(client).value).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection().value).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection(client, (state) => state.attempt).value).toEqualTypeOf<number>()
      expectTypeOf(useConnection((state) => state.cause?.code).value).toEqualTypeOf<number | undefined>()
      expectTypeOf(usePending(client).value).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(useCountdown(client).value).toEqualTypeOf<number | undefined>()
      const { state } = useChannel(client, room, {
        on: { message: (message) => expectTypeOf(message).toEqualTypeOf<Text>() },
      })
      expectTypeOf(state.value).toEqualTypeOf<ChannelState>()
      useChannel(client, () => `room:${String(42)}` as const)
      const { members, isKnown } = usePresence(client, room)
      expectTypeOf(members.value[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(isKnown.value).toEqualTypeOf<boolean>()
      const found = useRequest(client, 'find')
      expectTypeOf(found.status.value).toEqualTypeOf<'idle' | 'pending' | 'ok' | 'error'>()
      expectTypeOf(found.data.value).toEqualTypeOf<Text | undefined>()
      expectTypeOf(found.error.value).toEqualTypeOf<HoldfastError | undefined>()
    })
  })

  it('the plugin and a component provide any client', () => {
    compiles(() => {
      app.use(vue.holdfast, { client: createClient({ url }) })
      app.use(vue.holdfast, { client, connect: true })
      vue.provideClient(client, { connect: true })
      // @ts-expect-error there is no client
      app.use(vue.holdfast, {})
    })
  })
})

describe('the functions of Svelte', () => {
  it('functions accept functions, and return reactive objects that are stores too', () => {
    compiles(() => {
      const { useChannel, useConnection, useCountdown, useEvent, usePending, usePresence, useRequest } =
        svelte
      const name = 'chat.message' as Names
      useEvent(
        client,
        () => name,
        (data) => expectTypeOf(data).toEqualTypeOf<{ from: string; text: string } | undefined>(),
      )
      expectTypeOf(useConnection(client).current).toEqualTypeOf<ClientState>()
      expectTypeOf(get(useConnection())).toEqualTypeOf<ClientState>()
      expectTypeOf(useConnection(client, (state) => state.attempt).current).toEqualTypeOf<number>()
      expectTypeOf(get(useConnection((state) => state.attempt))).toEqualTypeOf<number>()
      expectTypeOf(usePending(client).current).toEqualTypeOf<readonly PendingMessage[]>()
      expectTypeOf(useCountdown(client).current).toEqualTypeOf<number | undefined>()
      const channel = useChannel(client, roomOf, {
        on: { message: (message) => expectTypeOf(message).toEqualTypeOf<Text>() },
      })
      expectTypeOf(channel.state).toEqualTypeOf<ChannelState>()
      expectTypeOf(get(channel)).toEqualTypeOf<ChannelState>()
      useChannel(client, () => `room:${String(42)}` as const)
      const present = usePresence(client, roomOf)
      expectTypeOf(present.members[0]!.data).toEqualTypeOf<{ name: string }>()
      expectTypeOf(present.isKnown).toEqualTypeOf<boolean>()
      expectTypeOf(get(present).members[0]!.data).toEqualTypeOf<{ name: string }>()
      const found = useRequest(client, 'find')
      expectTypeOf(found.status).toEqualTypeOf<'idle' | 'pending' | 'ok' | 'error'>()
      expectTypeOf(found.data).toEqualTypeOf<Text | undefined>()
      expectTypeOf(found.error).toEqualTypeOf<HoldfastError | undefined>()
      expectTypeOf(get(found).data).toEqualTypeOf<Text | undefined>()
    })
  })

  it('a component provides any client', () => {
    compiles(() => {
      svelte.provideClient(createClient({ url }))
      svelte.provideClient(client, { connect: true })
      // @ts-expect-error not a client
      svelte.provideClient({})
    })
  })
})
