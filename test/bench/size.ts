// What one import costs in a user's bundle: minified by esbuild for browsers (ES2022), then compressed.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build, type BuildResult } from 'esbuild'
import { print } from './figures.ts'

const packages = join(import.meta.dirname, '../../packages')

const imports: readonly (readonly [name: string, line: string])[] = [
  ['holdfast { createClient }', `export { createClient } from 'holdfast'`],
  ['holdfast { createClient, plain }', `export { createClient, plain } from 'holdfast'`],
  ['holdfast *', `export * from 'holdfast'`],
  ['partysocket/ws', `export { default } from 'partysocket/ws'`],
  ['reconnecting-websocket', `export { default } from 'reconnecting-websocket'`],
]

const rows = await Promise.all(
  imports.map(async ([name, line]) => [name, ...sizes((await bundle(line)).outputFiles[0]!.contents)]),
)
const script = join(packages, 'client/dist/holdfast.global.js')
rows.splice(3, 0, ['holdfast as a script (IIFE)', ...sizes(readFileSync(script))])
print('Size in bytes', ['import', 'brotli', 'gzip', 'minified'], rows)

const { metafile } = await bundle(imports[0]![1], ['@holdfast/source'])
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

function nameOf(path: string): string {
  const start = path.lastIndexOf('node_modules/')
  return start < 0 ? relative(packages, path) : path.slice(start)
}
