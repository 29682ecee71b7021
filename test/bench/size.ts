// What one import costs in a user's bundle: minified by esbuild for browsers (ES2022), then compressed.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build, type BuildResult } from 'esbuild'
import { print } from './figures.ts'

const packages = join(import.meta.dirname, '../../packages')

/** What is measured: one line of an import each, written as an export so that nothing of it is dropped. */
const imports = [
  `export { createClient } from 'holdfast'`,
  `export { createClient, plain } from 'holdfast'`,
  `export { createClient, session } from 'holdfast'`,
  `export { createClient, overHttp } from 'holdfast'`,
  `export * from 'holdfast'`,
  `export { default } from 'partysocket/ws'`,
  `export { default } from 'reconnecting-websocket'`,
  `export { default } from 'sockette'`,
  `export { createClient } from 'graphql-ws'`,
  `export { io } from 'socket.io-client'`,
] as const

const rows = await Promise.all(
  imports.map(async (line) => {
    const { outputFiles } = await bundle(line)
    return [line.replace('export ', ''), versionOf(line), ...sizes(outputFiles[0]!.contents)]
  }),
)
const script = readFileSync(join(packages, 'client/dist/holdfast.global.js'))
rows.push([`the script of 'holdfast'`, versionOf(imports[0]), ...sizes(script)])
print('Size in bytes', ['import', 'version', 'brotli', 'gzip', 'minified'], rows)

const { metafile } = await bundle(imports[0], ['@holdfast/source'])
const modules = Object.entries(Object.values(metafile.outputs)[0]!.inputs)
  .map(([path, { bytesInOutput }]): [string, number] => [path, bytesInOutput])
  .filter(([, bytes]) => bytes > 0)
  .toSorted(([, a], [, b]) => b - a)
const total = modules.reduce((sum, [, bytes]) => sum + bytes, 0)
print(
  'Where the minified bytes of { createClient } are',
  ['module', 'bytes', 'share'],
  modules.map(([path, bytes]) => [nameOf(path), bytes, `${((bytes / total) * 100).toFixed(1)} %`]),
)

type Bundle = BuildResult<{ write: false; metafile: true }>

function bundle(contents: string, conditions: string[] = []): Promise<Bundle> {
  return build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions,
    write: false,
    metafile: true,
  })
}

function sizes(code: Uint8Array): number[] {
  const brotli = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  return [brotli.length, gzipSync(code, { level: 9 }).length, code.length]
}

function versionOf(line: string): string {
  const [, name = ''] = /'([^'/]+)/.exec(line) ?? []
  const manifest = readFileSync(join(import.meta.dirname, '../node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

function nameOf(path: string): string {
  const start = path.lastIndexOf('node_modules/')
  return start < 0 ? relative(packages, path) : path.slice(start)
}
