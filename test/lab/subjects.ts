import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { ServerKind } from './servers.ts'

/** A client under test. */
export interface SubjectEntry {
  readonly name: string
  /** As readers of a table know it. */
  readonly title: string
  readonly server: ServerKind
  /** What runs in the page: a module, as text. */
  readonly script: string
}

const page = (imports: string, subject: string): string =>
  `${imports}\nimport { run } from './lab.ts'\nrun(${subject})\n`

const holdfast = `import { holdfast } from './holdfast.ts'`

/** Holdfast alone, in pages whose dials can be watched. */
export const ours = {
  plain: watched('json', 'holdfast()'),
  session: watched('hub', 'holdfast({ wire: session() })'),
  /** Its heartbeat is the shortest that makes sense. */
  beating: watched(
    'json',
    `holdfast({ wire: plain({ heartbeat: ping({
      message: '{"type":"ping"}', isReply: ({ type }) => type === 'pong', interval: 3_000, timeout: 1_000,
    }) }) })`,
  ),
} as const

export const subjects: readonly SubjectEntry[] = [
  {
    name: 'plain',
    title: 'Holdfast, plain wire',
    server: 'json',
    script: page(holdfast, 'holdfast()'),
  },
  {
    name: 'session',
    title: 'Holdfast, session wire',
    server: 'hub',
    script: page(`${holdfast}\nimport { session } from 'holdfast'`, 'holdfast({ wire: session() })'),
  },
  {
    name: 'stored',
    title: 'Holdfast, session wire and store',
    server: 'hub',
    script: page(
      `${holdfast}\nimport { session } from 'holdfast'\nimport { store } from 'holdfast/store'`,
      `holdfast({ wire: session(), store: store({ name: 'lab' }) })`,
    ),
  },
  {
    name: 'partysocket',
    title: `partysocket ${versionOf('partysocket')}`,
    server: 'json',
    script: page(
      `import { dropIn } from './sockets.ts'\nimport { WebSocket } from 'partysocket'`,
      'dropIn(WebSocket)',
    ),
  },
  {
    name: 'reconnecting-websocket',
    title: `reconnecting-websocket ${versionOf('reconnecting-websocket')}`,
    server: 'json',
    script: page(
      `import { dropIn } from './sockets.ts'\nimport Socket from 'reconnecting-websocket'`,
      'dropIn(Socket)',
    ),
  },
  {
    name: 'socket.io',
    title: `socket.io-client ${versionOf('socket.io-client')}`,
    server: 'socket.io',
    script: page(`import { socketIo } from './socket-io.ts'`, 'socketIo()'),
  },
]

/** What a page needs to run the client, in one script. Of Holdfast, the sources are taken. */
export async function bundle({ script }: Pick<SubjectEntry, 'script'>): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: join(import.meta.dirname, 'page'), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    conditions: ['@holdfast/source'],
    logLevel: 'silent',
  })
  return outputFiles[0]!.text
}

function watched(server: ServerKind, subject: string): Pick<SubjectEntry, 'server' | 'script'> {
  const imports = `import './watch-dials.ts'\n${holdfast}\nimport { ping, plain, session } from 'holdfast'`
  return { server, script: page(imports, subject) }
}

function versionOf(name: string): string {
  const manifest = readFileSync(join(import.meta.dirname, '../node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
