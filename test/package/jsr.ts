// Publishes the client and the protocol to JSR for trial: `deno publish --dry-run` of their sources, which must have no slow
// types. JSR has no names without a scope, so the client is @holdfast/client there.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { install } from '../support/install.ts'
import { root, temporaryFolder } from './published.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly exports: Readonly<Record<string, string | { readonly '@holdfast/source': string }>>
}

const [, mitt] = /^ {2}mitt: (\S+)$/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))!
const folder = temporaryFolder()
const names = ['protocol', 'client']
for (const name of names) {
  const source = join(root, 'packages', name)
  const target = join(folder, name)
  mkdirSync(target)
  cpSync(join(source, 'README.md'), join(target, 'README.md'))
  cpSync(join(source, 'src'), join(target, 'src'), {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts') && !path.endsWith('script-tag.ts'),
  })
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest
  const exports = Object.entries(manifest.exports).flatMap(([path, entry]) =>
    typeof entry === 'object' ? [[path, entry['@holdfast/source']] as const] : [],
  )
  const config = {
    name: `@holdfast/${name}`,
    version: manifest.version,
    license: manifest.license,
    exports: Object.fromEntries(exports),
    imports: name === 'client' ? { mitt: `npm:mitt@${mitt}` } : {},
    compilerOptions: { lib: ['esnext', 'dom'] },
  }
  writeFileSync(join(target, 'jsr.json'), JSON.stringify(config, null, 2))
}
writeFileSync(join(folder, 'deno.json'), JSON.stringify({ workspace: names.map((name) => `./${name}`) }))

const runtimes = join(root, 'test/runtime')
install(runtimes, '--frozen-lockfile')
const { status, stderr } = spawnSync(
  join(runtimes, 'node_modules/deno/deno'),
  ['publish', '--dry-run', '--allow-dirty', '--config', join(folder, 'deno.json')],
  { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
)
const isDone = status === 0 && stderr.includes('Dry run complete')
console.log(isDone ? 'JSR would take @holdfast/client and @holdfast/protocol' : stderr)
if (!isDone) process.exitCode = 1
