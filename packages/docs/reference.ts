import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
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
    useHTMLAnchors: true,
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
  for (const name of sources.keys()) useItsName(folder, name)
}

/** A module whose name begins with that of another one may have got a number. */
function useItsName(folder: string, name: string): void {
  const numbered = `${basename(name)}-1.md`
  if (!existsSync(join(folder, dirname(name), numbered))) return
  renameSync(join(folder, dirname(name), numbered), join(folder, `${name}.md`))
  for (const file of globSync('**/*.md', { cwd: folder })) {
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), text.replaceAll(numbered, `${basename(name)}.md`))
  }
}
