import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { PluginBuild } from 'esbuild'

/** A text of the sources that is replaced in what a page gets. */
export interface Sabotage {
  readonly file: RegExp
  readonly from: string
  readonly to: string
}

/** The script of a page, with the packages from their sources. */
export async function bundle(page: string, sabotage?: Sabotage): Promise<string> {
  let isDone = !sabotage
  const spoil = {
    name: 'sabotage',
    setup({ onLoad }: PluginBuild) {
      if (!sabotage) return
      onLoad({ filter: sabotage.file }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes(sabotage.from)) throw new Error(`${path} has no ${sabotage.from}`)
        isDone = true
        return { contents: text.replace(sabotage.from, sabotage.to), loader: 'ts' }
      })
    },
  }
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, page)],
    bundle: true,
    write: false,
    format: 'iife',
    conditions: ['@holdfast/source'],
    plugins: [spoil],
  })
  if (!isDone) throw new Error('nothing was sabotaged')
  return outputFiles[0]!.text
}
