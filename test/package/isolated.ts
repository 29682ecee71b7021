import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'

/** What a program exports, and which globals it asked for. */
export interface Isolated {
  readonly touched: readonly string[]
}

/**
 * Bundles a program, and returns a function that runs it in a world that has only the language, and the globals of a
 * platform that it asks for. The given modules, those of a framework, are not part of the
 * bundle: they run outside, and may touch what they like.
 */
export async function isolate(
  program: string,
  modules: Readonly<Record<string, unknown>>,
  plugins: Plugin[] = [],
): Promise<() => Isolated> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: join(import.meta.dirname, '..') },
    bundle: true,
    write: false,
    format: 'cjs',
    external: Object.keys(modules),
    conditions: ['@holdfast/source'],
    plugins,
  })
  return () => {
    const touched: string[] = []
    const world = createContext({})
    const language = new Set(runInContext('Object.getOwnPropertyNames(globalThis)', world) as string[])
    const platform = [
      ...Object.getOwnPropertyNames(globalThis),
      'window',
      'document',
      'location',
      'localStorage',
    ]
    for (const name of platform)
      if (!language.has(name))
        Object.defineProperty(world, name, { get: () => void touched.push(name), configurable: true })
    const module = { exports: {} }
    Object.defineProperties(world, {
      module: { value: module },
      require: { value: (name: string) => modules[name] },
      URL: { value: URL },
    })
    runInContext(outputFiles[0]!.text, world)
    return { ...module.exports, touched }
  }
}
