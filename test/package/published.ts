import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The `package.json` of a package, as far as the checks need it. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export const root: string = join(import.meta.dirname, '../..')

/** The packages that users can install, each with its folder. */
export function published(): { readonly name: string; readonly folder: string }[] {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((path) => ({ folder: join(root, dirname(path)), manifest: readManifest(join(root, path)) }))
    .filter(({ manifest }) => !manifest.private)
    .map(({ folder, manifest: { name } }) => ({ name, folder }))
}

/** Packs what was built, and returns the path of the tarball. */
export function pack(name: string, folder: string, target: string): string {
  const tarball = join(target, `${name.replaceAll(/\W+/g, '-').replace(/^-/, '')}.tgz`)
  execFileSync('npm', ['run', '-s', 'pn', '--', '-C', folder, 'pack', '--out', tarball], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  return tarball
}

export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}

/** A folder that is gone when the process is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function run(cwd: string, command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' })
}
