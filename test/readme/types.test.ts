import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

it('every TypeScript example in the README compiles', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], index) => [
    join(import.meta.dirname, `example-${index}.ts`),
    // An example that stands for itself declares its client; the others go on from the first.
    code!.includes('createClient')
      ? code!
      : `import type { Client } from 'holdfast'\ndeclare const client: Client\n${code}export {}`,
  ])
  expect(examples.length).toBeGreaterThan(2)
  const files = new Map(examples as [string, string][])
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ['@holdfast/source'],
    allowImportingTsExtensions: true,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
    types: [],
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile: read } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? read(name)
  const program = ts.createProgram([...files.keys()], options, host)
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map((problem) => ts.flattenDiagnosticMessageText(problem.messageText, '\n'))
  expect(problems).toEqual([])
})
