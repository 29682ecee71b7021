// Publishes every public package for trial: `npm publish --dry-run` of the tarball, with a registry that has nothing. Its
// files and sizes are judged, and the fields that readers of a registry see.
//
// Provenance needs the address of the repository in each package, which is known where packages are published:
//
//   REPOSITORY=https://example.com/me/holdfast node test/package/publish.ts
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { pack, published, root, run, temporaryFolder } from './published.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly [field: string]: unknown
}

interface Published {
  readonly name: string
  readonly version: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

/** The largest size of each tarball in kB. Most of it are maps, types and, for the client, pages. */
const limits: Readonly<Record<string, number>> = {
  holdfast: 850,
  '@holdfast/protocol': 200,
  '@holdfast/react': 40,
  '@holdfast/redis': 150,
  '@holdfast/server': 620,
  '@holdfast/svelte': 30,
  '@holdfast/testing': 200,
  '@holdfast/vue': 40,
}

/** What a package may have besides what it has built. */
const besides: Readonly<Record<string, RegExp>> = {
  holdfast:
    /^docs\/(README\.md|(errors|close-codes)(\.md|\/[\w-]+\.md)|guides\/[\w-]+\.(md|svg))$|^(core|socket|store)\/package\.json$/,
  '@holdfast/protocol': /^PROTOCOL\.md$/,
  '@holdfast/server': /^metrics\/(dashboard|package)\.json$/,
  '@holdfast/testing': /^docs\/[\w-]+\.md$|^proxy\/package\.json$/,
}
const everywhere =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/(LICENSES\.txt|integrity\.json|[\w.-]+\.(c?js|d\.c?ts)(\.map)?))$/

const repository = process.env['REPOSITORY'] ?? 'https://example.com/holdfast'
const folder = temporaryFolder()
const registry = createServer((_, response) => response.writeHead(404).end('{}'))
registry.listen(0, '127.0.0.1')
await once(registry, 'listening')
const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`

try {
  const versions = new Set<string>()
  for (const { name, folder: source } of published()) {
    const unpacked = join(folder, 'package')
    run(folder, 'tar', '-xzf', pack(name, source, folder))
    const manifest = withRepository(unpacked, relative(root, source).replaceAll(sep, '/'))
    const result = await publish(name, unpacked)
    const wrong = [...examineFields(manifest), ...examineResult(name, result)]
    for (const complaint of wrong) fail(`${name}: ${complaint}`)
    const kB = [result.size, result.unpackedSize].map((bytes) => `${(bytes / 1_000).toFixed(0)} kB`)
    console.log(`${name}@${result.version}: ${result.files.length} files, ${kB.join(', unpacked ')}`)
    versions.add(result.version)
    rmSync(unpacked, { recursive: true })
  }
  if (versions.size !== 1) fail(`the packages have different versions: ${[...versions].join(', ')}`)
} finally {
  registry.close()
  registry.closeAllConnections()
}

function withRepository(unpacked: string, directory: string): Manifest {
  const path = join(unpacked, 'package.json')
  const manifest: Manifest = {
    ...(JSON.parse(readFileSync(path, 'utf8')) as Manifest),
    repository: { type: 'git', url: `git+${repository}.git`, directory },
  }
  writeFileSync(path, JSON.stringify(manifest, null, 2))
  return manifest
}

/** What npm says that it would publish. */
async function publish(name: string, unpacked: string): Promise<Published> {
  const args = ['publish', '--dry-run', '--json', '--ignore-scripts', '--registry', url]
  const { stdout, stderr } = await promisify(execFile)('npm', args, {
    cwd: unpacked,
    shell: process.platform === 'win32',
  })
  // npm mends what it does not like, and says so.
  if (/auto-corrected|errors corrected/.test(stderr)) fail(stderr)
  const result = JSON.parse(stdout) as Published & Readonly<Record<string, Published>>
  return result[name] ?? result
}

function* examineFields(manifest: Manifest): Generator<string> {
  for (const field of ['description', 'keywords', 'license', 'engines', 'exports', 'types', 'repository'])
    if (!manifest[field]) yield `package.json has no ${field}`
  const { access } = Object(manifest['publishConfig']) as { access?: string }
  if (manifest.name.startsWith('@') && access !== 'public') yield 'a package with a scope is not public'
  for (const field of ['dependencies', 'peerDependencies'])
    if (/workspace:|catalog:|file:/.test(JSON.stringify(manifest[field] ?? {})))
      yield `${field} can only be resolved in the repository`
}

function* examineResult(name: string, { name: found, size, files }: Published): Generator<string> {
  if (found !== name) yield `would be published as ${found}`
  const limit = limits[name]
  if (limit === undefined) yield 'has no limit in test/package/publish.ts'
  else if (size > limit * 1_000) yield `is larger than ${limit} kB`
  for (const { path } of files)
    if (!everywhere.test(path) && !besides[name]?.test(path)) yield `${path} is not meant to be published`
  for (const path of ['package.json', 'README.md', 'LICENSE', 'dist/index.js'])
    if (!files.some((file) => file.path === path)) yield `${path} is missing`
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 1
}
