// Packs every public package and judges the tarball: what is checked is what users get.
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

try {
  for (const path of globSync('packages/*/package.json', { cwd: root })) {
    const { name, private: unpublished } = read(join(root, path))
    if (unpublished) continue
    console.log(`\n${name}`)
    const tarball = join(folder, `${name.replaceAll(/\W+/g, '-')}.tgz`)
    run('npm', 'run', '-s', 'pn', '--', '-C', join(root, dirname(path)), 'pack', '--out', tarball)
    run('tar', '-xzf', tarball, '-C', folder)
    examine(join(folder, 'package'))
    run('publint', '--strict', tarball)
    run('attw', tarball, '--profile', 'node16')
    rmSync(join(folder, 'package'), { recursive: true })
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

/** Users have neither our sources nor our development dependencies. */
function examine(unpacked: string): void {
  const manifest = read(join(unpacked, 'package.json'))
  if (JSON.stringify(manifest.exports).includes('@holdfast/source')) {
    throw new Error(`${manifest.name}: the published exports lead to sources`)
  }
  const allowed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  for (const file of globSync('dist/**/*.{js,cjs,ts,cts}', { cwd: unpacked })) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(unpacked, file), 'utf8'), true, true)
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.') || allowed.includes(fileName)) continue
      throw new Error(`${manifest.name}: ${file} imports '${fileName}', which is not among its dependencies`)
    }
  }
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
}
