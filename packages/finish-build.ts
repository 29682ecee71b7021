// Runs in the folder of a package after tsup: the licences of what was bundled, and the hash for the script tag.
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'

const dist = resolve('dist')
const here = JSON.stringify(dist + sep).slice(1, -1)
const packages = new Set<string>()
for (const file of globSync('*.map', { cwd: dist })) {
  // The CommonJS output passes through a second compiler, which names its file by the path on this machine.
  const text = readFileSync(join(dist, file), 'utf8').replaceAll(here, '')
  writeFileSync(join(dist, file), text)
  const { sources } = JSON.parse(text) as { readonly sources: readonly string[] }
  for (const source of sources) {
    const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(source)
    if (folder) packages.add(resolve(dist, folder[0]))
  }
}

const licenses = [...packages].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
  }
  const [file] = globSync('LICEN[CS]E*', { cwd: folder })
  if (!file) throw new Error(`${name} is bundled, but comes without the text of its licence`)
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
})
if (licenses.length > 0) {
  const head = 'The files in this folder contain code of these packages, each under its own licence.\n'
  writeFileSync(join(dist, 'LICENSES.txt'), [head, ...licenses].join(`\n${'-'.repeat(80)}\n\n`))
}

const scripts = globSync('*.global.js', { cwd: dist })
const hashes = scripts.map((file): [string, string] => {
  const hash = createHash('sha384').update(readFileSync(join(dist, file)))
  return [file, `sha384-${hash.digest('base64')}`]
})
if (hashes.length > 0) {
  writeFileSync(join(dist, 'integrity.json'), `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`)
}
for (const [file, hash] of hashes) console.log(`${file}: integrity="${hash}"`)
