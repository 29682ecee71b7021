import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Converter, ReflectionKind } from 'typedoc'
import type { TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
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
    const { name, private: isPrivate, exports = {} } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
    if (isPrivate) continue
    for (const [subpath, target] of Object.entries(exports))
      if (typeof target === 'object' && target['@holdfast/source'])
        found.set(name + subpath.slice(1), join(root, dirname(path), target['@holdfast/source']))
  }
  return found
}

/** Writes a page for each of them, made of the docstrings. */
export async function writeReference(folder: string): Promise<void> {
  const sources = entries()
  const options: TypeDocOptions & Partial<PluginOptions> = {
    name: 'Reference',
    entryPoints: [...sources.values()],
    tsconfig: join(import.meta.dirname, 'tsconfig.json'),
    plugin: [fileURLToPath(import.meta.resolve('typedoc-plugin-markdown'))],
    outputs: [{ name: 'markdown', path: folder }],
    readme: 'none',
    disableSources: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    entryFileName: 'index',
    router: 'module',
    useCodeBlocks: true,
    parametersFormat: 'htmlTable',
    logLevel: 'Error',
  }
  const app = await Application.bootstrapWithPlugins(options)
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const file = module.sources?.[0]?.fullFileName
      for (const [name, source] of sources) if (source === file) module.name = name
    }
  })
  const project = await app.convert()
  if (!project) throw new Error('The reference could not be made')
  await app.generateOutputs(project)
}

