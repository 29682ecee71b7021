// The types in the tarballs under every compiler that users may have: the type tests, the texts of the errors, and
// consumers that know no DOM, check the types of libraries too, and resolve modules in each of the ways there are.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { contract, errorTexts } from '../types/error-texts.ts'
import { pack, published, root, run, temporaryFolder } from './published.ts'

// The others with --all: what they find differs once in a while, and it takes a minute.
const compilers = process.argv.includes('--all')
  ? ['typescript-5.9', 'typescript', 'typescript-7']
  : ['typescript-7']
const used = [
  'prom-client',
  'valibot',
  'vitest',
  'ws',
  'zod',
  'react',
  'redis',
  'svelte',
  'typescript',
  '@types/node',
  '@types/react',
  '@types/ws',
  'vue',
]

const folder = temporaryFolder()
const modules = join(folder, 'node_modules')
for (const { name, folder: source } of published()) {
  mkdirSync(join(modules, name), { recursive: true })
  run(folder, 'tar', '-xzf', pack(name, source, folder), '-C', join(modules, name), '--strip-components=1')
}
for (const name of used) {
  mkdirSync(dirname(join(modules, name)), { recursive: true })
  symlinkSync(join(root, 'test/node_modules', name), join(modules, name), 'junction')
}

const strict = { strict: true, noEmit: true, target: 'es2022', types: [] }
const bundler = { ...strict, module: 'esnext', moduleResolution: 'bundler' }
const node16 = { ...strict, module: 'node16', moduleResolution: 'node16' }
const noDom = { lib: ['es2022'], skipLibCheck: false }
const consumer = `import * as holdfast from 'holdfast'
import { store, type DiskStore } from 'holdfast/store'
import ReconnectingWebSocket, { type SocketCloseEvent } from 'holdfast/socket'
import * as protocol from '@holdfast/protocol'
const outbox: DiskStore = store({ name: 'name' })
const client: holdfast.Client = holdfast.createClient({
  url: 'ws://localhost',
  wire: holdfast.session(),
  store: outbox,
})
export const committed: Promise<void> = outbox.committed()
export const outcome: PromiseLike<holdfast.Outcome> = client.send('name', 1)
const socket = new ReconnectingWebSocket('ws://localhost', [], { maxRetries: 3 })
socket.onclose = ({ code }: SocketCloseEvent) => code
export const state: 0 | 1 | 2 | 3 = socket.readyState
export const rule: holdfast.CloseRule = protocol.closeRule(1006)
`
const hubConsumer = `import { createServer } from 'node:http'
import * as server from '@holdfast/server'
import { metrics } from '@holdfast/server/metrics'
import { Registry } from 'prom-client'
const hub: server.Hub = server.createHub()
export const detach: server.Unsubscribe = hub.attach(createServer())
export const off: () => void = metrics(hub, { register: new Registry() })
export const outcome: PromiseLike<server.Outcome> | undefined = hub.peers.get('id')?.send('name', 1)
`
const redisConsumer = `import { redis } from '@holdfast/redis'
import { createHub, type Broker, type Hub } from '@holdfast/server'
import { createClient, createCluster } from 'redis'
const broker: Broker = redis({ client: createClient(), prefix: 'chat' })
export const hubs: Hub[] = [createHub({ broker }), createHub({ broker: redis({ client: createCluster({ rootNodes: [] }) }) })]
`
const testingConsumer = `import { createHub } from '@holdfast/server'
import { createTestPair, type HubPair, type PlainPair } from '@holdfast/testing'
import { startFaultProxy, type FaultProxy } from '@holdfast/testing/proxy'
import { createClient, session } from 'holdfast'
interface Chat { toClient: { said: string }; toServer: { say: string } }
export const plain: PlainPair<Chat> = createTestPair<Chat>({ createClient })
export const whole: HubPair<Chat> = createTestPair<Chat>({ createClient, createHub, wire: session() })
export const start: (target: number) => Promise<FaultProxy> = (target) => startFaultProxy({ target })
`
const component = `import { useConnection } from '@holdfast/react'
export const useAttempt = (): number => useConnection(({ attempt }) => attempt)
`

interface Project {
  readonly name: string
  /** What the compiler has to say, in any order: `file:line: text`. */
  readonly expected: readonly string[]
}
const projects: readonly Project[] = [
  typeTests(),
  project(
    'the texts of errors',
    { ...bundler, lib: ['es2022', 'dom'], exactOptionalPropertyTypes: true },
    Object.fromEntries(errorTexts.map(([code], index) => [`error-${index}.ts`, contract + code])),
    errorTexts.map(([, text], index) => `error-${index}.ts:7: ${text}`),
  ),
  project('no DOM, bundler', { ...bundler, ...noDom }, { 'consumer.ts': consumer }),
  project(
    'no DOM, node16 ESM and CommonJS',
    { ...node16, ...noDom },
    { 'consumer.mts': consumer, 'consumer.cts': consumer },
  ),
  project(
    'a hub, node16 ESM and CommonJS',
    { ...node16, ...noDom, types: ['node'] },
    { 'hub.mts': hubConsumer, 'hub.cts': hubConsumer },
  ),
  project(
    'a hub on Redis, node16 ESM and CommonJS',
    // Of the types of node-redis, only those that are used have to be right.
    { ...node16, lib: ['es2022'], skipLibCheck: true, types: ['node'] },
    { 'redis.mts': redisConsumer, 'redis.cts': redisConsumer },
  ),
  project(
    'a pair and a proxy, node16 ESM and CommonJS',
    { ...node16, ...noDom, types: ['node'] },
    { 'testing.mts': testingConsumer, 'testing.cts': testingConsumer },
  ),
  // Not with the others, because the types of React declare names of the DOM.
  project(
    'React, node16 ESM and CommonJS',
    { ...node16, ...noDom },
    { 'component.mts': component, 'component.cts': component },
  ),
]

for (const compiler of compilers) {
  const home = join(root, 'test/node_modules', compiler)
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
  const output = projects.map(({ name }) => compile(join(home, 'bin/tsc'), join(folder, name)))
  for (const [index, { name, expected }] of projects.entries()) {
    const found = (await output[index]) ?? []
    const right = found.toSorted().join('\n') === expected.toSorted().join('\n')
    console.log(`TypeScript ${version}, ${name}: ${right ? 'as expected' : 'WRONG'}`)
    if (right) continue
    process.exitCode = 1
    for (const line of found) if (!expected.includes(line)) console.error(`  not expected: ${line}`)
    for (const line of expected) if (!found.includes(line)) console.error(`  missing: ${line}`)
  }
}

/** The tests of types that stand in files of their own. They are compiled, not run. */
function typeTests(): Project {
  const files = [
    'types/bindings.test.ts',
    'types/bindings.ts',
    'types/contract.test.ts',
    'types/hub.test.ts',
    'types/testing.test.ts',
    'support/type-check.ts',
  ]
  for (const file of files) {
    cpSync(join(root, 'test', file), join(folder, 'type tests', file))
  }
  const checks = readFileSync(join(root, 'test/types/bindings.ts'), 'utf8')
  for (const name of ['vue', 'svelte'])
    writeFileSync(
      join(folder, 'type tests', `types/bindings.${name}.ts`),
      checks.replaceAll('@holdfast/react', `@holdfast/${name}`),
    )
  return project('type tests', {
    ...bundler,
    lib: ['esnext', 'dom', 'dom.iterable'],
    types: ['node'],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  })
}

function project(
  name: string,
  compilerOptions: object,
  files: Readonly<Record<string, string>> = {},
  expected: readonly string[] = [],
): Project {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text)
  return { name, expected }
}

/** TypeScript 7 has no API, so its errors are read from what it prints, and so are those of the others. */
async function compile(tsc: string, cwd: string): Promise<string[]> {
  const output = await new Promise<string>((resolve) => {
    const args = [tsc, '-p', '.', '--pretty', 'false']
    execFile(process.execPath, args, { cwd }, (error, stdout, stderr) =>
      resolve(stdout + stderr || (error?.message ?? '')),
    )
  })
  const lines = output.split('\n').filter((line) => line && !line.startsWith('  '))
  return lines.map((line) => line.trim().replace(/^(\S+)\((\d+),\d+\): error TS\d+:/, '$1:$2:'))
}
