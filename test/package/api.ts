// What users can call and name is written down in `api/`, without the comments: no change of it goes unseen. What several
// packages declare in the same words stands in the file of the first, and the others name it.
//
//   node test/package/api.ts            compares the built types with it
//   node test/package/api.ts --accept   takes the built types over
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { format, type FormatConfig } from 'oxfmt'
import ts from 'typescript'
import { published, readManifest, root, temporaryFolder } from './published.ts'

const accept = process.argv.includes('--accept')
const folder = join(import.meta.dirname, 'api')
const built = temporaryFolder()
const style = JSON.parse(readFileSync(join(root, '.oxfmtrc.json'), 'utf8')) as FormatConfig
mkdirSync(folder, { recursive: true })

/** The file in which each declaration stands, by its text. */
const places = new Map<string, string>()

for (const { name, entry, built: declared } of entries()) {
  const file = `${entry}.d.ts`
  const text = await declarations(`${declared}.d.ts`)
  // Svelte exists as ESM only, and so do its bindings.
  const hasCommonJs = existsSync(`${declared}.d.cts`)
  if (hasCommonJs && text !== (await declarations(`${declared}.d.cts`))) {
    fail(`${name}: the types differ between ESM and CommonJS`)
  }
  note(`${declared}.d.ts`, file)
  if (accept) {
    writeFileSync(join(folder, file), text)
    console.log(`${name}: accepted`)
    continue
  }
  const known = join(folder, file)
  if (existsSync(known) && readFileSync(known, 'utf8') === text) {
    console.log(`${name}: the public types are as written down`)
    continue
  }
  writeFileSync(join(built, file), text)
  const args = ['diff', '--no-index', '--', existsSync(known) ? known : '/dev/null', join(built, file)]
  spawnSync('git', args, { stdio: 'inherit' })
  fail(`${name}: the public types have changed. If that is meant: node test/package/api.ts --accept`)
}

/** What can be imported, `@holdfast/testing/proxy` for example, and where its types were built. */
function entries(): { readonly name: string; readonly entry: string; readonly built: string }[] {
  return published().flatMap(({ name, folder: source }) => {
    const paths = Object.keys(readManifest(join(source, 'package.json')).exports as object)
    return paths
      .filter((path) => path !== './package.json')
      .map((path) => ({
        name: posix.join(name, path),
        entry: [basename(name), ...path.split('/').slice(1)].join('-'),
        built: join(source, 'dist', path === '.' ? 'index' : path),
      }))
  })
}

/** The types without comments, in the style of the repository. */
async function declarations(path: string): Promise<string> {
  const elsewhere = new Map<string, Set<string>>()
  const own: string[] = []
  for (const [text, name] of statements(path)) {
    const place = places.get(text)
    if (!place) own.push(text)
    else elsewhere.set(place, (elsewhere.get(place) ?? new Set()).add(name))
  }
  const { code, errors } = await format('index.d.ts', own.join('\n'), style)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  const shared = Array.from(elsewhere, ([place, names]) => `// ${place} has: ${[...names].join(' ')}\n`)
  return `// Written by \`node test/package/api.ts --accept\`.\n${shared.join('')}${code}`
}

/** The statements of a file, without comments, and the name that each declares. */
function statements(path: string): (readonly [text: string, name: string])[] {
  const parsed = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  const printer = ts.createPrinter({ removeComments: true })
  return parsed.statements.map((statement) => [
    printer.printNode(ts.EmitHint.Unspecified, statement, parsed),
    nameOf(statement),
  ])
}

/** Empty for an import or an export, which stands in each file. */
function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement))
    return (statement.declarationList.declarations[0]!.name as ts.Identifier).text
  return (statement as ts.InterfaceDeclaration).name?.text ?? ''
}

/** Other files need not have the declarations of this one again. */
function note(path: string, file: string): void {
  for (const [text, name] of statements(path)) if (name && !places.has(text)) places.set(text, file)
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 1
}
