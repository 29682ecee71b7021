import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Converter, ReflectionKind } from 'typedoc'
import type { TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { entries } from './entries.ts'
import { root } from './site.ts'

const packages = join(root, 'packages')

/** Writes a page for each of them, made of the docstrings. */
export async function writeReference(folder: string): Promise<void> {
  const sources = entries()
  const options: TypeDocOptions & Partial<PluginOptions> = {
    name: 'Reference',
    entryPoints: [...sources.values()],
    tsconfig: join(import.meta.dirname, 'tsconfig.reference.json'),
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
    // The compiler checks each package, with the options of that package.
    skipErrorChecking: true,
  }
  // Not the options of the repository's check, which are in `typedoc.json`.
  const app = await Application.bootstrapWithPlugins(options, [])
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module))
      for (const [name, source] of sources)
        if (
          relative(packages, source)
            .replaceAll(sep, '/')
            .replace(/(\/index)?\.ts$/, '') === module.name
        )
          module.name = name
  })
  const project = await app.convert()
  if (!project) throw new Error('The reference could not be made')
  await app.generateOutputs(project)
}
