import { createContext, runInContext } from 'node:vm'
import { join } from 'node:path'
import type * as Holdfast from 'holdfast'
import type * as HoldfastReact from '@holdfast/react'
import { build } from 'esbuild'
import * as react from 'react'
import { createElement } from 'react'
import type { ReactElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'

const entry = `export * from 'holdfast'; export * from '@holdfast/react'`
const { outputFiles } = await build({
  stdin: { contents: entry, resolveDir: join(import.meta.dirname, '..') },
  bundle: true,
  write: false,
  format: 'cjs',
  external: ['react'],
  conditions: ['@holdfast/source'],
})

/** Holdfast and its hooks in a world that has only the language, and the globals of a platform that they ask for. */
function load(): typeof Holdfast & typeof HoldfastReact & { readonly touched: string[] } {
  const touched: string[] = []
  const world = createContext({})
  const language = new Set(runInContext('Object.getOwnPropertyNames(globalThis)', world) as string[])
  const platform = [
    ...Object.getOwnPropertyNames(globalThis),
    'window',
    'document',
    'location',
    'localStorage',
  ]
  for (const name of platform)
    if (!language.has(name))
      Object.defineProperty(world, name, { get: () => void touched.push(name), configurable: true })
  const module = { exports: {} as typeof Holdfast & typeof HoldfastReact }
  Object.defineProperties(world, {
    module: { value: module },
    // React itself runs out here, and may touch what it likes.
    require: { value: (name: string) => (name === 'react' ? react : undefined) },
    URL: { value: URL },
  })
  runInContext(outputFiles[0]!.text, world)
  return { ...module.exports, touched }
}

it('a component renders on a server as idle, without dialing and without changing globals', () => {
  const {
    createClient,
    HoldfastProvider,
    session,
    useChannel,
    useClient,
    useConnection,
    useEvent,
    usePresence,
    touched,
  } = load()
  const client = createClient({ url: '/socket', wire: session() })
  const heard: unknown[] = []
  const Status = (): ReactElement => {
    useEvent('news', (data) => heard.push(data))
    useEvent(useClient(), 'news', (data) => heard.push(data))
    const status = useConnection((state) => state.status)
    const { attempt } = useConnection(client, (state) => ({ attempt: state.attempt }))
    const room = useChannel('room:1', { on: { message: (data) => heard.push(data) } })
    const { members, isKnown } = usePresence(client, 'room:1')
    return createElement(
      'output',
      null,
      `${status} ${attempt} ${room.state.status} ${members.length} ${isKnown}`,
    )
  }
  const page = createElement(HoldfastProvider, { client, connect: true }, createElement(Status))
  expect(renderToString(page)).toBe('<output>idle 0 joining 0 false</output>')
  expect(client.state.status).toBe('idle')
  expect(touched).toEqual([])
})

it('a hook without a client and a provider names what is missing', () => {
  const { useChannel, useClient, useConnection, useEvent, usePresence } = load()
  for (const hook of [
    () => useClient(),
    () => useConnection((state) => state.status),
    () => useEvent('news', () => {}),
    () => useChannel('room:1'),
    () => usePresence('room:1'),
  ]) {
    const Orphan = (): null => {
      hook()
      return null
    }
    expect(() => renderToString(createElement(Orphan))).toThrow('put a <HoldfastProvider> around this')
  }
})
