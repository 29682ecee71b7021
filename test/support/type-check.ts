import { join } from 'node:path'
import ts from 'typescript'

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
  jsx: ts.JsxEmit.ReactJSX,
  skipLibCheck: true,
}

/** What the compiler says of programs, each with the number of its line: `2: Argument of type …`. */
export function typeErrors(...programs: readonly string[]): string[] {
  return check(programs, 'ts')
}

/** The same of programs with JSX in them. */
export function tsxErrors(...programs: readonly string[]): string[] {
  return check(programs, 'tsx')
}

function check(programs: readonly string[], extension: string): string[] {
  const files = new Map(
    programs.map((code, index) => [join(import.meta.dirname, `program-${index}.${extension}`), code]),
  )
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  const program = ts.createProgram([...files.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
