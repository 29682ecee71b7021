// A copy of the code, with its tests and the simulation, in which faults are planted.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { PlantedFault } from './faults.ts'

export const root = join(import.meta.dirname, '../../..')

const packages = {
  protocol: '@holdfast/protocol',
  client: 'holdfast',
  server: '@holdfast/server',
  testing: '@holdfast/testing',
}

const config = `const conditions = ['@holdfast/source', 'module', 'node', 'development']
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { isolate: false, setupFiles: ['test/support/property-runs.ts'], testTimeout: 60_000 },
}
`

/** Copies what the tests and the simulation need into a folder. */
export function copyWorkspace(folder: string): string {
  for (const [name, published] of Object.entries(packages)) {
    const own = join(folder, 'packages', name)
    for (const part of ['src', 'test', 'docs', 'metrics', 'package.json']) copy(join('packages', name, part))
    link(own, join(folder, 'node_modules', published))
  }
  for (const part of ['simulation', 'audit', 'support/property-runs.ts']) copy(join('test', part))
  // A test of the server reads these.
  for (const part of ['client/docs/guides/metrics.md', 'server/metrics']) copy(join('packages', part))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'vitest.config.ts'), config)
  for (const owner of ['.', 'test', ...Object.keys(packages).map((name) => `packages/${name}`)])
    linkDependencies(join(root, owner, 'node_modules'))
  return folder

  function copy(path: string): void {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path), { recursive: true })
  }

  function linkDependencies(modules: string): void {
    for (const name of readdirSync(modules).filter((entry) => !entry.startsWith('.'))) {
      const names = name.startsWith('@')
        ? readdirSync(join(modules, name)).map((part) => `${name}/${part}`)
        : [name]
      for (const each of names) link(realpathSync(join(modules, each)), join(folder, 'node_modules', each))
    }
  }
}

/** Runs something while a fault is in the copy. */
export async function withFault<T>(
  folder: string,
  { file, from, to }: PlantedFault,
  run: () => Promise<T>,
): Promise<T> {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
  try {
    return await run()
  } finally {
    writeFileSync(path, text)
  }
}

/** The first one of a name stays. */
function link(target: string, path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}
