import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What the sources of each package may import, besides their own files. A new package needs a line here. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  client: ['@holdfast/protocol', 'mitt'],
  bindings: ['holdfast'],
  react: ['@holdfast/bindings', 'holdfast', 'react'],
  vue: ['@holdfast/bindings', 'holdfast', 'vue'],
  svelte: ['@holdfast/bindings', 'holdfast', 'svelte', 'svelte/reactivity', 'svelte/store'],
  redis: ['@holdfast/server', 'node:crypto'],
  testing: ['@holdfast/protocol', 'holdfast', '@holdfast/server', 'node:crypto', 'node:net', 'node:events'],
  server: [
    '@holdfast/protocol',
    'ws',
    'node:buffer',
    'node:crypto',
    'node:http',
    'node:net',
    'node:stream',
    'node:v8',
    'prom-client',
  ],
}

/** What a package may import the types of, and only those values, because they would be bundled and run. */
const valuesOnly: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  bindings: { holdfast: ['channel'] },
  react: { holdfast: ['countdown', 'pending'] },
  vue: { holdfast: ['countdown', 'pending'] },
  svelte: { holdfast: ['countdown', 'pending'] },
  testing: { holdfast: [], '@holdfast/server': [] },
}

/** The rooms of the client, and which rooms the files of each may import. The root is the room without a name. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  connection: ['platform'],
  wire: ['connection', 'platform'],
  events: [''],
  channel: ['', 'wire', 'events'],
  '': ['wire', 'connection', 'platform', 'events', 'channel'],
  socket: ['wire', 'connection', 'platform'],
  store: ['', 'wire', 'connection', 'platform'],
}

/** Files that get time, randomness, timers and sockets handed in. */
const pureCore = [
  ...globSync('packages/protocol/src/*.ts', { cwd: root })
    .map(slashes)
    .filter((path) => !isTest(path)),
  'packages/client/src/connection/machine.ts',
  'packages/client/src/connection/retry.ts',
  'packages/client/src/connection/finding.ts',
  'packages/client/src/connection/sleep.ts',
  'packages/client/src/connection/heartbeat.ts',
  'packages/client/src/connection/backoff.ts',
  'packages/client/src/platform/page.ts',
  'packages/client/src/channel/content.ts',
  'packages/client/src/channel/members.ts',
  'packages/client/src/channel/subscription.ts',
]
const impure = new Set(
  'Date setTimeout setInterval globalThis window console WebSocket performance queueMicrotask'.split(' '),
)

describe('imports follow the arrows', () => {
  const files = globSync('packages/*/{src,test}/**/*.ts', { cwd: root }).map(slashes)

  test('the arrows cover every package', () => {
    expect(new Set(files.map((path) => path.split('/')[1]))).toEqual(new Set(Object.keys(arrows)))
  })

  test.each(files)('%s', (path) => {
    expect(wrongImports(path, readFileSync(join(root, path), 'utf8'))).toEqual([])
  })

  test.each([
    ['packages/protocol/src/a.ts', `import { mitt } from 'mitt'`],
    ['packages/protocol/src/a.ts', `import type { Client } from 'holdfast'`],
    ['packages/protocol/src/a.ts', `export { x } from 'node:crypto'`],
    ['packages/client/src/a.ts', `const ws = await import('ws')`],
    ['packages/client/src/a.ts', `type T = import('../../protocol/src/limits.ts').Limits`],
    ['packages/client/src/a/b.ts', `import '../../test/support/clock.ts'`],
    ['packages/client/src/a.ts', `import { connect } from './a.test.ts'`],
    ['packages/client/src/a.test.ts', `import { server } from '../../../playground/server/main.ts'`],
    ['packages/client/test/a.test.ts', `import { findChromium } from '@holdfast/test/support/chromium.ts'`],
    ['packages/protocol/src/a.test.ts', `import { createClient } from 'holdfast'`],
    ['packages/stranger/src/a.ts', `import '@holdfast/protocol'`],
    ['packages/client/src/a.ts', `import { createVirtualClock } from '@holdfast/testing'`],
    ['packages/react/src/a.ts', `import { createClient } from 'holdfast'`],
    ['packages/react/src/a.ts', `import { type Client } from 'holdfast'`],
    ['packages/react/src/a.ts', `import { createClient as pending } from 'holdfast'`],
    ['packages/react/src/a.ts', `import * as pending from 'holdfast'`],
    ['packages/react/src/a.ts', `export { createClient } from 'holdfast'`],
    ['packages/react/src/a.ts', `export { pending } from 'holdfast'`],
    ['packages/react/src/a.ts', `const { pending } = await import('holdfast')`],
    ['packages/react/src/a.ts', `import { pending, session } from 'holdfast'`],
    ['packages/testing/src/a.ts', `import { channel } from 'holdfast'`],
    ['packages/react/src/a.ts', `import { channel } from 'holdfast'`],
    ['packages/bindings/src/a.ts', `import { hold } from '@holdfast/react'`],
    ['packages/react/src/a.ts', `import type { Limits } from '@holdfast/protocol'`],
    ['packages/client/src/a.ts', `import type { ReactNode } from 'react'`],
  ])('%s may not: %s', (path, text) => {
    expect(wrongImports(path, text)).toHaveLength(1)
  })

  test.each([
    ['packages/client/src/a.ts', `import { frame } from '@holdfast/protocol'; import './connection/b.ts'`],
    ['packages/client/src/a.test.ts', `import { test } from 'vitest'; import '../test/support/clock.ts'`],
    ['packages/react/src/a.ts', `import type { Client } from 'holdfast'; import { useState } from 'react'`],
    ['packages/react/src/a.ts', `import { pending, type Client } from 'holdfast'`],
    ['packages/bindings/src/a.ts', `import { channel, type Client } from 'holdfast'`],
    ['packages/react/src/a.test.ts', `import { createClient } from 'holdfast'`],
    ['packages/protocol/src/a.test.ts', `import { createVirtualClock } from '@holdfast/testing'`],
  ])('%s may: %s', (path, text) => {
    expect(wrongImports(path, text)).toEqual([])
  })
})

test('only the metrics of the server need prom-client, which users may not have', () => {
  const users = globSync('packages/server/src/**/*.ts', { cwd: root })
    .map(slashes)
    .filter((path) => importsOf(readFileSync(join(root, path), 'utf8')).includes('prom-client'))
  expect(new Set(users.map((path) => dirname(path)))).toEqual(new Set(['packages/server/src/metrics']))
  const entry = readFileSync(join(root, 'packages/server/src/index.ts'), 'utf8')
  expect(importsOf(entry).filter((target) => target.startsWith('./metrics/'))).toEqual([])
})

describe('the rooms of the client', () => {
  const client = 'packages/client/src/'
  const files = globSync(`${client}**/*.ts`, { cwd: root })
    .map(slashes)
    .filter((path) => !isTest(path))

  test('every room is known', () => {
    expect(new Set(files.map((path) => roomOf(path)))).toEqual(new Set(Object.keys(rooms)))
  })

  test.each(files)('%s imports only from rooms below its own', (path) => {
    expect(wrongRooms(path, readFileSync(join(root, path), 'utf8'))).toEqual([])
  })

  test.each([
    ['platform/a.ts', `import '../connection/machine.ts'`],
    ['connection/a.ts', `import type { Wire } from '../wire/wire.ts'`],
    ['wire/session/a.ts', `import type { Lifecycle } from '../../lifecycle.ts'`],
    ['create-client.ts', `import { store } from './store/index.ts'`],
    ['wire/plain.ts', `import { events } from '../events/events.ts'`],
  ])('%s may not: %s', (path, text) => {
    expect(wrongRooms(client + path, text)).toHaveLength(1)
  })
})

describe('the core is pure', () => {
  test.each(pureCore)('%s', (path) => {
    expect(existsSync(join(root, path)), 'the file is there').toBe(true)
    expect(impureNames(readFileSync(join(root, path), 'utf8'))).toEqual([])
  })

  test.each([
    'const now = Date.now()',
    'const random = Math.random',
    `const random = Math['random']`,
    'const { random } = Math',
    'globalThis.setTimeout(f)',
    'setTimeout(f)',
    'class Socket extends WebSocket {}',
    'const clock = { performance }',
    'const f = (now = performance.now()) => now',
    'const text = `${console}`',
    `import { WebSocket } from './ports.ts'`,
  ])('this is seen: %s', (text) => {
    expect(impureNames(text)).toHaveLength(1)
  })

  test.each([
    '// Date, setTimeout and WebSocket in a comment',
    `const text = 'a WebSocket' + /* console */ \`\\window\``,
    `import type { WebSocket } from './ports.ts'`,
    `import { type WebSocket } from './ports.ts'`,
    'const open = (socket: WebSocket, at: Date): typeof performance => limits.window',
    'const limits = { window: 3 }; interface Limits { window: number }',
    'const { window: size } = limits',
    'class Session { window = [1, 1] }',
    'const least = Math.min(1, Math.floor(x))',
  ])('this is fine: %s', (text) => {
    expect(impureNames(text)).toEqual([])
  })
})

test('no files of the sources import each other in a circle, types included', () => {
  const sources = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root })
    .map(slashes)
    .filter((path) => !isTest(path))
  const imports = new Map(
    sources.map((path) => [
      path,
      importsOf(readFileSync(join(root, path), 'utf8'))
        .filter((target) => target.startsWith('.'))
        .map((target) => posix.join(dirname(path), target)),
    ]),
  )
  expect(sources.length).toBeGreaterThan(100)
  expect(circleOf(imports)).toBeUndefined()
})

test.each([
  [{ a: ['b'], b: ['c'], c: ['b'] }, ['b', 'c', 'b']],
  [{ a: ['a'] }, ['a', 'a']],
  [{ a: ['b', 'c'], b: ['c'], c: [] }, undefined],
])('a circle is seen: %o', (imports, circle) => {
  expect(circleOf(new Map(Object.entries<string[]>(imports)))).toEqual(circle)
})

function wrongImports(path: string, text: string): string[] {
  const [, own = ''] = path.split('/')
  const allowed = arrows[own]
  if (!allowed) return [`${own} has no line among the arrows`]
  return importsOf(text).filter((target) => {
    if (target.startsWith('.')) return !mayImportFile(own, path, posix.join(dirname(path), target))
    const values = valuesOnly[own]?.[target]
    if (values && !isTest(path) && valuesOf(text, target).some((name) => !values.includes(name))) return true
    if (allowed.includes(target)) return false
    // What only tests have: it may be built on what it tests.
    if (target === '@holdfast/testing') return !isTest(path)
    const ours = target === 'holdfast' || /^(holdfast|@holdfast)\//.test(target)
    return ours || !isTest(path)
  })
}

function roomOf(path: string): string {
  const [, , , room = '', file] = path.split('/')
  return file === undefined ? '' : room
}

function wrongRooms(path: string, text: string): string[] {
  const own = roomOf(path)
  return importsOf(text)
    .filter((target) => target.startsWith('.'))
    .filter((target) => {
      const room = roomOf(posix.join(dirname(path), target))
      return room !== own && !rooms[own]?.includes(room)
    })
}

/** The names of what is imported when the types are gone; `*` for everything, and for an import that only runs. */
function valuesOf(text: string, target: string): string[] {
  const options = { module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }
  const code = ts.transpile(text, options)
  const { statements } = ts.createSourceFile('file.js', code, ts.ScriptTarget.Latest, true)
  const imports = statements
    .filter(ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === target)
  const names = imports.flatMap(({ importClause }) => {
    const bindings = importClause?.namedBindings
    if (importClause?.name || !bindings || !ts.isNamedImports(bindings)) return ['*']
    const { elements } = bindings
    return elements.length > 0 ? elements.map(({ name, propertyName }) => (propertyName ?? name).text) : ['*']
  })
  const others = importsOf(code).filter((imported) => imported === target).length - imports.length
  return others > 0 ? [...names, '*'] : names
}

function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** A path along imports that ends where it began, if there is one. */
function circleOf(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>()
  const follow = (path: readonly string[]): readonly string[] | undefined => {
    const file = path.at(-1)!
    const begin = path.indexOf(file)
    if (begin < path.length - 1) return path.slice(begin)
    if (done.has(file)) return undefined
    for (const target of imports.get(file) ?? []) {
      const circle = follow([...path, target])
      if (circle) return circle
    }
    done.add(file)
    return undefined
  }
  for (const file of imports.keys()) {
    const circle = follow([file])
    if (circle) return circle
  }
  return undefined
}

function mayImportFile(own: string, from: string, to: string): boolean {
  const inSources = to.startsWith(`packages/${own}/src/`) && !isTest(to)
  return inSources || (isTest(from) && to.startsWith(`packages/${own}/test/`))
}

function impureNames(text: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && isImpure(node)) found.push(node.text)
    else if (!isTypeOnly(node)) ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true))
  return found
}

function isImpure(name: ts.Identifier): boolean {
  const { parent } = name
  if (name.text === 'Math') return !(ts.isPropertyAccessExpression(parent) && parent.name.text !== 'random')
  return impure.has(name.text) && !isMemberName(name)
}

/** `limits.window`, `{ window: 3 }`, a field `window` of a class and `{ window: size } = limits` name a member, not the global. */
function isMemberName(name: ts.Identifier): boolean {
  const { parent } = name
  if (ts.isPropertyAccessExpression(parent)) return parent.name === name
  if (ts.isBindingElement(parent)) return parent.propertyName === name
  if (ts.isPropertyDeclaration(parent)) return parent.name === name
  return (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === name
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExpressionWithTypeArguments(node)) {
    return !(ts.isHeritageClause(node.parent) && node.parent.token === ts.SyntaxKind.ExtendsKeyword)
  }
  if (ts.isTypeOnlyImportOrExportDeclaration(node)) return true
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
}

function isTest(path: string): boolean {
  return /\.test\.ts$|^packages\/[^/]+\/test\//.test(path)
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/')
}
