// Packs every public package and judges the tarball: what is checked is what users get.
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs'
import { isAbsolute, join, posix } from 'node:path'
import ts from 'typescript'
import { parsePage } from '../docs/pages.ts'
import { pack, published, readManifest, root, run, temporaryFolder } from './published.ts'

interface SourceMap {
  readonly file?: string
  readonly sources: readonly string[]
  readonly sourcesContent: readonly (string | null)[]
}

/** What goes into the files of a package besides its own code. The tarball has to hold its licence. */
const bundled: Readonly<Record<string, readonly string[]>> = { holdfast: ['mitt'] }

/** The files that run on Node only, and may import what Node has. */
const onNode: Readonly<Record<string, RegExp>> = {
  '@holdfast/redis': /./,
  '@holdfast/server': /./,
  '@holdfast/testing': /^dist\/proxy\./,
}

const folder = temporaryFolder()

try {
  examineLockfiles()
  for (const { name, folder: source } of published()) {
    console.log(`\n${name}`)
    const tarball = pack(name, source, folder)
    run(folder, 'tar', '-xzf', tarball)
    examine(join(folder, 'package'))
    examineMaps(join(folder, 'package'))
    examineHashes(join(folder, 'package'))
    examineLinks(join(folder, 'package'))
    run(root, 'publint', '--strict', tarball)
    run(root, 'attw', tarball, ...(isOnlyModules(join(folder, 'package')) ? ['--profile', 'esm-only'] : []))
    rmSync(join(folder, 'package'), { recursive: true })
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function isOnlyModules(unpacked: string): boolean {
  return !JSON.stringify(readManifest(join(unpacked, 'package.json')).exports).includes('"require"')
}

/** Users install from the registry of their own choice. */
function examineLockfiles(): void {
  const exclude = ['**/node_modules']
  const lockfiles = globSync('**/{pnpm-lock.yaml,package-lock.json}', { cwd: root, exclude })
  if (lockfiles.length === 0) throw new Error('there is no lockfile')
  for (const file of lockfiles) {
    const [url] = /\bhttps?:\S+/.exec(readFileSync(join(root, file), 'utf8')) ?? []
    if (url) throw new Error(`${file} names a host: ${url}`)
  }
}

/** Users have neither our sources nor our development dependencies. */
function examine(unpacked: string): void {
  const manifest = readManifest(join(unpacked, 'package.json'))
  if (JSON.stringify(manifest.exports).includes('@holdfast/source')) {
    throw new Error(`${manifest.name}: the published exports lead to sources`)
  }
  const allowed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  for (const file of globSync('dist/**/*.{js,cjs,ts,cts}', { cwd: unpacked })) {
    const text = readFileSync(join(unpacked, file), 'utf8')
    if (
      manifest.peerDependencies?.['react'] &&
      /\.c?js$/.test(file) &&
      !directives(text).includes('use client')
    ) {
      throw new Error(`${manifest.name}: ${file} does not begin with 'use client'`)
    }
    const { importedFiles } = ts.preProcessFile(text, true, true)
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.') || allowed.some((name) => `${fileName}/`.startsWith(`${name}/`))) continue
      if (fileName.startsWith('node:') && onNode[manifest.name]?.test(file)) continue
      throw new Error(`${manifest.name}: ${file} imports '${fileName}', which is not among its dependencies`)
    }
  }
}

/** A debugger shows our sources, which the maps hold, and the maps list what was bundled. */
function examineMaps(unpacked: string): void {
  const { name } = readManifest(join(unpacked, 'package.json'))
  const found = new Set<string>()
  for (const file of globSync('dist/**/*.{js,cjs}', { cwd: unpacked })) {
    const [, url] =
      /[\n;]\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(join(unpacked, file), 'utf8')) ?? []
    if (!url || !existsSync(join(unpacked, 'dist', url)))
      throw new Error(`${name}: ${file} has no source map`)
    const map = JSON.parse(readFileSync(join(unpacked, 'dist', url), 'utf8')) as SourceMap
    for (const [index, source] of map.sources.entries()) {
      if (isAbsolute(source) || isAbsolute(map.file ?? ''))
        throw new Error(`${name}: ${url} holds an absolute path`)
      if (`dist/${source}` !== file && !map.sourcesContent[index])
        throw new Error(`${name}: ${url} lacks ${source}`)
      const [, dependency] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? []
      if (dependency) found.add(dependency)
    }
  }
  const expected = bundled[name] ?? []
  if ([...found].sort().join() !== expected.join()) {
    throw new Error(
      `${name}: bundles ${[...found].join(', ') || 'nothing'}, not ${expected.join(', ') || 'nothing'}`,
    )
  }
  const licenses = expected.length > 0 ? readFileSync(join(unpacked, 'dist/LICENSES.txt'), 'utf8') : ''
  for (const dependency of expected) {
    const [file] = globSync(`packages/*/node_modules/${dependency}/LICENSE`, { cwd: root })
    if (
      !file ||
      !licenses.includes(`${dependency} `) ||
      !licenses.includes(readFileSync(join(root, file), 'utf8').trim())
    ) {
      throw new Error(`${name}: dist/LICENSES.txt lacks the licence of ${dependency}`)
    }
  }
  if (!existsSync(join(unpacked, 'LICENSE'))) throw new Error(`${name}: its own licence is missing`)
}

/** A wrong hash keeps a page's script from running. */
function examineHashes(unpacked: string): void {
  const { name } = readManifest(join(unpacked, 'package.json'))
  const scripts = globSync('*.global.js', { cwd: join(unpacked, 'dist') })
  if (scripts.length === 0) return
  const hashes = JSON.parse(readFileSync(join(unpacked, 'dist/integrity.json'), 'utf8')) as Record<
    string,
    string
  >
  const actual = scripts.map((file) => {
    const hash = createHash('sha384').update(readFileSync(join(unpacked, 'dist', file)))
    return [file, `sha384-${hash.digest('base64')}`]
  })
  if (JSON.stringify(hashes) !== JSON.stringify(Object.fromEntries(actual))) {
    throw new Error(`${name}: dist/integrity.json does not fit the scripts beside it`)
  }
}

/** A reader of a page in `node_modules` has only what came with the package. */
function examineLinks(unpacked: string): void {
  const { name } = readManifest(join(unpacked, 'package.json'))
  for (const path of globSync('**/*.md', { cwd: unpacked })) {
    for (const { line, target } of parsePage(path, readFileSync(join(unpacked, path), 'utf8')).links) {
      if (/^[a-z]+:/.test(target)) continue
      const file = posix.join(posix.dirname(path), decodeURI(target.split('#')[0]!))
      if (file.startsWith('..') || !existsSync(join(unpacked, file)))
        throw new Error(`${name}: ${path}:${line} leads to ${target}, which is not in the package`)
    }
  }
}

/** The strings at the head of a script; behind any other statement they mean nothing. */
function directives(text: string): string[] {
  const found: string[] = []
  for (const statement of ts.createSourceFile('file.js', text, ts.ScriptTarget.Latest).statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break
    found.push(statement.expression.text)
  }
  return found
}
