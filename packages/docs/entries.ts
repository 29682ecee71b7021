import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './site.ts'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | { readonly '@holdfast/source'?: string }>>
}

/** What users can import from the packages, each with the file of its source. */
export function entries(): Map<string, string> {
  const found = new Map<string, string>()
  for (const path of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const {
      name,
      private: isPrivate,
      exports = {},
    } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
    if (isPrivate) continue
    for (const [subpath, target] of Object.entries(exports))
      if (typeof target === 'object' && target['@holdfast/source'])
        found.set(name + subpath.slice(1), join(root, dirname(path), target['@holdfast/source']))
  }
  return found
}
