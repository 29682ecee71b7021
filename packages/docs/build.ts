// `npm run docs`: the site, as static files in `dist/site`. With `--if-changed`, only if its sources are not those of the last time.
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vitepress'
import { assemble } from './assemble.ts'
import { writeReference } from './reference.ts'
import { findPages, root } from './site.ts'

const dist = join(import.meta.dirname, 'dist')
const stamp = join(dist, 'stamp')

const hash = hashOfSources()
if (!process.argv.includes('--if-changed') || readStamp() !== hash) {
  assemble(join(dist, 'pages'))
  await writeReference(join(dist, 'pages/reference'))
  await build(import.meta.dirname)
  // A server may serve the last build meanwhile.
  rmSync(join(dist, 'site'), { recursive: true, force: true })
  renameSync(join(dist, 'next'), join(dist, 'site'))
  writeFileSync(stamp, hash)
}

function readStamp(): string | undefined {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined
}

function hashOfSources(): string {
  const exclude = ['**/node_modules', '**/dist', '**/*.test.ts']
  const own = globSync(
    ['packages/docs/{*.ts,.vitepress/**/*.{ts,css}}', 'packages/*/src/**/*.ts', 'pnpm-lock.yaml'],
    {
      cwd: root,
      exclude,
    },
  )
  const hashed = createHash('sha256').update(JSON.stringify([process.env['BASE'], process.env['REPOSITORY']]))
  for (const file of [...new Set([...own, ...findPages().values()])].sort())
    hashed.update(file).update(readFileSync(join(root, file)))
  return hashed.digest('hex')
}
