import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { mapLinks, relativeLink } from './links.ts'
import { findPages, repository, root, targetOf } from './site.ts'

/** Writes all pages of the site into one folder, where their links lead to each other. */
export function assemble(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  const pages = findPages()
  for (const [path, source] of pages) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    if (!path.endsWith('.md')) cpSync(join(root, source), file)
    else writeFileSync(file, assemblePage(path, source, readFileSync(join(root, source), 'utf8'), pages))
  }
}

export function assemblePage(
  path: string,
  source: string,
  text: string,
  pages: ReadonlyMap<string, string>,
): string {
  return mapLinks(text, (written) => {
    const [file = '', anchor] = written.split('#')
    const target = posix.join(posix.dirname(source), file)
    const onSite = targetOf(target, pages)
    if (onSite === undefined) return repository && `${repository}/blob/main/${target}`
    return relativeLink(path, onSite) + (anchor === undefined ? '' : `#${anchor}`)
  })
}
