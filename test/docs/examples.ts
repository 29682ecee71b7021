import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Excerpt } from '../support/type-check.ts'
import { root } from './pages.ts'
import type { Block } from './pages.ts'

/**
 * What frameworks bring that are not installed here, as far as the pages use it. The types of what the pages say about
 * Holdfast are the real ones.
 */
export const frameworks = `
declare module 'react-native' {
  import type { FC, ReactNode } from 'react'
  export const AppState: {
    currentState: string
    addEventListener(kind: 'change', listener: (state: string) => void): { remove(): void }
  }
  export const Button: FC<{ title: string; onPress(): void }>
  export const Text: FC<{ children?: ReactNode }>
  export const View: FC<{ children?: ReactNode }>
}
declare module '*.vue' {
  const component: import('vue').Component
  export default component
}
declare module '#imports' {
  interface Nuxt {
    readonly vueApp: import('vue').App
    hook(name: 'app:mounted', run: () => void): void
  }
  export function defineNuxtPlugin(setup: (nuxt: Nuxt) => { provide: Record<string, unknown> } | void): unknown
}
`

type Known = Readonly<Record<string, string>>

const chat = '{ toClient: { chat: { message: string } }; toServer: { chat: { message: string } } }'

const rooms = `${chat.slice(0, -3)}; find(id: number): string }; channels: { room: { message: { text: string } } } }`

/** What an example may use without saying where it comes from, unless it says so itself. */
const known: Known = {
  createClient: `import { createClient } from 'holdfast'`,
  overHttp: `import { overHttp } from 'holdfast'`,
  events: `import { events } from 'holdfast'`,
  correlated: `import { correlated } from 'holdfast'`,
  ping: `import { ping } from 'holdfast'`,
  plain: `import { plain } from 'holdfast'`,
  session: `import { session } from 'holdfast'`,
  ReconnectingWebSocket: `import { ReconnectingWebSocket } from 'holdfast/socket'`,
  store: `import { store } from 'holdfast/store'`,
  url: 'declare const url: string',
  Chat: `interface Chat ${chat}`,
  client: `declare const client: import('holdfast').Client`,
}

const composables = [
  'useChannel',
  'useClient',
  'useConnection',
  'useCountdown',
  'useEvent',
  'usePending',
  'usePresence',
  'useRequest',
]

/** The same for the hooks. */
const knownInReact: Known = {
  ...known,
  ...Object.fromEntries(
    ['HoldfastProvider', ...composables].map((name) => [name, `import { ${name} } from '@holdfast/react'`]),
  ),
  client: `declare const client: import('holdfast').Client<${rooms}>`,
  App: 'declare function App(): null',
  setMessages: 'declare function setMessages(change: (all: string[]) => string[]): void',
}

/** The same for Vue and Svelte. */
const knownInBinding = (name: 'svelte' | 'vue'): Known => ({
  ...known,
  ...Object.fromEntries(
    ['holdfast', 'provideClient', ...composables].map((item) => [
      item,
      `import { ${item} } from '@holdfast/${name}'`,
    ]),
  ),
  client: knownInReact['client']!,
  createApp: `import { createApp } from 'vue'`,
  App: `declare const App: import('vue').Component`,
  id: 'declare const id: string',
  messages:
    name === 'vue'
      ? `declare const messages: import('vue').Ref<unknown[]>`
      : 'declare const messages: unknown[]',
})

/** The same for hubs. */
const knownOnServers: Known = {
  createHub: `import { createHub } from '@holdfast/server'`,
  HoldfastError: `import { HoldfastError } from '@holdfast/server'`,
  Chat: `interface Chat {
    toClient: { 'chat.typing': string }
    toServer: { 'chat.typing': string; 'chat.send'(draft: string): number }
  }`,
  server: `declare const server: import('node:http').Server`,
  verify:
    'declare function verify(token?: string): Promise<{ identity: string; user: { id: string }; expiresIn: number } | undefined>',
  hub: `declare const hub: import('@holdfast/server').Hub`,
  save: 'declare function save(draft: string, author: string | null): Promise<number>',
}

/** The same for tests. */
const knownInTests: Known = {
  ...known,
  ...Object.fromEntries(
    [
      'createNetwork',
      'createRandom',
      'createTestPair',
      'createVirtualClock',
      'FakeSocket',
      'settleMicrotasks',
    ].map((name) => [name, `import { ${name} } from '@holdfast/testing'`]),
  ),
  createHub: knownOnServers['createHub']!,
  expect: `import { expect } from 'vitest'`,
  pair: `declare const pair: import('@holdfast/testing').PlainPair<${chat}>`,
  network: `declare const network: import('@holdfast/testing').SimulatedNetwork`,
  hub: `declare const hub: import('@holdfast/server').Hub`,
}

/** A block of a page as a program. Without a prelude of its page, one that uses a client is given one. */
export function blockExcerpt({ path, line, language, code, prelude }: Block): Excerpt {
  return {
    path,
    line,
    language: language === 'tsx' ? 'tsx' : 'ts',
    code,
    prelude: prelude ?? assume(code, { client: known['client']! }),
  }
}

/** The `@example` blocks in the docstrings of the public packages. */
export function docstringExcerpts(folder: string): Excerpt[] {
  return globSync('**/*.ts', { cwd: join(root, folder) })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => exampleExcerpts(`${folder}/${file}`, readFileSync(join(root, folder, file), 'utf8')))
}

export function exampleExcerpts(path: string, source: string): Excerpt[] {
  const [, folder = ''] = path.split('/')
  const names = knownIn(folder)
  const excerpts: Excerpt[] = []
  let example: { line: number; lines: string[] } | undefined
  const end = (): void => {
    if (!example) return
    const code = example.lines.filter((line) => !line.startsWith('```')).join('\n')
    const { line } = example
    const language = code.includes('/>') ? 'tsx' : 'ts'
    excerpts.push({ path, line, language, code, prelude: assume(code, names) })
    example = undefined
  }
  for (const [index, line] of source.split('\n').entries()) {
    const text = /^\s*\* ?(?!\/)(.*)$/.exec(line)?.[1]
    if (text === undefined || /^@\w/.test(text)) end()
    else example?.lines.push(text)
    if (text?.startsWith('@example')) example = { line: index + 2, lines: [] }
  }
  end()
  return excerpts
}

function knownIn(folder: string): Known {
  if (folder === 'vue' || folder === 'svelte') return knownInBinding(folder)
  return { react: knownInReact, server: knownOnServers, testing: knownInTests }[folder] ?? known
}

/** What a program uses of the given names and does not declare. */
function assume(code: string, names: Known): string {
  return Object.keys(names)
    .filter((name) => new RegExp(`\\b${name}\\b`).test(code))
    .filter(
      (name) => !new RegExp(`(?:import\\b[^;'"]*|const|using|interface|function) ${name}\\b`).test(code),
    )
    .map((name) => names[name])
    .join('\n')
}
