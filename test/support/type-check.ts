import { dirname, join } from 'node:path'
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

/** What programs have in common, such as the libraries of the platform: parsed once. */
const sources = new Map<string, ts.SourceFile>()

/** What the compiler says of programs, each with the number of its line: `2: Argument of type …`. */
export function typeErrors(...programs: readonly string[]): string[] {
  return check(programs, 'ts')
}

/** The same of programs with JSX in them. */
export function tsxErrors(...programs: readonly string[]): string[] {
  return check(programs, 'tsx')
}

/** A program that stands in a document. */
export interface Excerpt {
  /** The path of the document, from the root of the repository. */
  readonly path: string
  /** The line of the document on which the code begins. */
  readonly line: number
  readonly language: 'ts' | 'tsx'
  readonly code: string
  /** What the code relies on without saying so. */
  readonly prelude: string
}

/**
 * The same of programs in documents, each complaint with its place there: `README.md:12: Argument of type …`.
 *
 * A program that begins with its name, `// client.ts`, can be imported by the others of its document.
 */
export function excerptErrors(excerpts: readonly Excerpt[], ambient: string): string[] {
  const files = new Map([[join(import.meta.dirname, 'ambient.d.ts'), ambient]])
  const places = new Map<string, Excerpt>()
  for (const [index, excerpt] of excerpts.entries()) {
    const { path, language, code, prelude } = excerpt
    const folder = join(import.meta.dirname, 'excerpts', path.replaceAll(/\W/g, '-'))
    const [, name] = /^\/\/ ([\w./-]+\.tsx?)\n/.exec(code) ?? []
    const named = name && join(folder, name)
    // A later version of a program is not imported.
    const file = named && !files.has(named) ? named : join(folder, `excerpt-${index}.${language}`)
    files.set(file, `${prelude}\n${code}\nexport {}\n`)
    places.set(file, excerpt)
  }
  return diagnose(files).map(({ file, line, text }) => {
    const excerpt = places.get(file)
    if (!excerpt) return `${file}:${line}: ${text}`
    const offset = line - excerpt.prelude.split('\n').length - 1
    return `${excerpt.path}:${offset < 0 ? `${excerpt.line}, in its prelude` : excerpt.line + offset}: ${text}`
  })
}

function check(programs: readonly string[], extension: string): string[] {
  const files = new Map(
    programs.map((code, index) => [join(import.meta.dirname, `program-${index}.${extension}`), code]),
  )
  const order = [...files.keys()]
  // The compiler sorts by the names of the files, as text.
  return diagnose(files)
    .toSorted((left, right) => order.indexOf(left.file) - order.indexOf(right.file))
    .map(({ line, text }) => `${line}: ${text}`)
}

/** Compiles files that need not exist as one program. */
function diagnose(files: ReadonlyMap<string, string>): { file: string; line: number; text: string }[] {
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, directoryExists, getSourceFile } = host
  const folders = new Set([...files.keys()].map((file) => dirname(file)))
  host.directoryExists = (name) => folders.has(name) || (directoryExists?.(name) ?? true)
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.getSourceFile = (name, ...how) => {
    if (files.has(name)) return getSourceFile(name, ...how)
    const source = sources.get(name) ?? getSourceFile(name, ...how)
    if (source) sources.set(name, source)
    return source
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => ({
    file: file?.fileName ?? '',
    line: file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
    text: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }))
}
