import { readFile } from 'node:fs/promises'
import type * as Holdfast from 'holdfast'
import type * as HoldfastSvelte from '@holdfast/svelte'
import type { Plugin } from 'esbuild'
import * as svelte from 'svelte'
import type { Component } from 'svelte'
import { compile } from 'svelte/compiler'
import * as internal from 'svelte/internal/server'
import * as reactivity from 'svelte/reactivity'
import { render } from 'svelte/server'
import * as store from 'svelte/store'
import { expect, it } from 'vitest'
import { isolate } from './isolated.ts'
import type { Isolated } from './isolated.ts'

const compiler: Plugin = {
  name: 'svelte',
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, 'utf8'), { filename: path, generate: 'server' })
      return { contents: js.code }
    })
  },
}

type Setup = () => (() => unknown) | void
const load = (await isolate(
  `export * from 'holdfast'; export * from '@holdfast/svelte'; export { default as Show } from './browser/svelte/Show.svelte'`,
  {
    svelte,
    'svelte/store': store,
    'svelte/reactivity': reactivity,
    'svelte/internal/server': internal,
  },
  [compiler],
)) as () => Isolated &
  typeof Holdfast &
  typeof HoldfastSvelte & { Show: Component<{ setup: Setup; inner?: Setup }> }

it('a component of Svelte renders on a server as idle, without dialing and without changing globals', () => {
  const { createClient, session, Show, touched, ...functions } = load()
  const client = createClient({ url: '/socket', wire: session() })
  const received: unknown[] = []
  const setup = (): void => functions.provideClient(client, { connect: true })
  const inner = (): (() => unknown) => {
    functions.useEvent('news', (data) => received.push(data))
    functions.useEvent(functions.useClient(), 'news', (data) => received.push(data))
    const connection = functions.useConnection()
    const attempt = functions.useConnection(client, (state) => state.attempt)
    const room = functions.useChannel('room:1', { on: { message: (data) => received.push(data) } })
    const presence = functions.usePresence(client, () => 'room:1')
    const found = functions.useRequest('find')
    const pending = functions.usePending()
    const seconds = functions.useCountdown()
    return () => {
      const { members, isKnown } = presence
      const values = [
        store.get(connection).status,
        attempt.current,
        room.state.status,
        members.length,
        isKnown,
      ]
      return [...values, found.status, pending.current.length, String(seconds.current)].join(' ')
    }
  }
  const { body } = render(Show, { props: { setup, inner } })
  expect(body.replaceAll(/<!--.*?-->/g, '')).toBe('<output>idle 0 joining 0 false idle 0 undefined</output>')
  expect(client.state.status).toBe('idle')
  // They ask whether this is a page, and for nothing else.
  expect([...new Set(touched)]).toEqual(['window'])
})

it('a function without a client says what is missing', () => {
  const { Show, useChannel, useClient, useConnection, useEvent, usePresence, useRequest } = load()
  for (const setup of [
    () => void useClient(),
    () => void useConnection(),
    () => useEvent('news', () => {}),
    () => void useChannel('room:1'),
    () => void usePresence('room:1'),
    () => void useRequest('find'),
  ])
    expect(() => render(Show, { props: { setup } }).body).toThrow('provideClient(client)')
})
