import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { slug } from '../../packages/docs/links.ts'

/** A Markdown file, taken apart as far as the checks need it. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
  readonly links: readonly Link[]
  /** What a link to this page may name after `#`. */
  readonly anchors: ReadonlySet<string>
}

/** A block of code. */
export interface Block {
  readonly path: string
  /** The line of the page on which the code begins. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** The last `<!-- prelude: … -->` before it: what it relies on and does not show. */
  readonly prelude: string | undefined
}

export interface Link {
  readonly line: number
  readonly target: string
}

export const root: string = join(import.meta.dirname, '../..')

/** Every Markdown file of the repository, but not what was installed or built. */
export function readPages(): Page[] {
  return files(root)
    .filter((file) => file.endsWith('.md'))
    .map((file) => parsePage(relative(root, file).replaceAll(sep, '/'), readFileSync(file, 'utf8')))
}

function files(folder: string): string[] {
  const skipped = /^(node_modules|dist|coverage|api|\.git|\.cache|\.run-.*)$/
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skipped.test(entry.name) ? [] : files(path)
    return [path]
  })
}

export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = []
  const links: Link[] = []
  const anchors = new Set<string>()
  const lines = text.split('\n')
  let prelude: string | undefined

  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    const fence = /^(\s*)(```+)(\w*)/.exec(line)
    if (fence) {
      const end = lines.findIndex((other, at) => at > index && other.trim() === fence[2])
      const stop = end < 0 ? lines.length : end
      const code = lines.slice(index + 1, stop).map((other) => other.replace(fence[1]!, ''))
      blocks.push({ path, line: index + 2, language: fence[3]!, code: code.join('\n'), prelude })
      index = stop
    } else if (line.startsWith('<!--')) {
      const end = lines.findIndex((other, at) => at >= index && other.includes('-->'))
      const comment = lines.slice(index, end + 1).join('\n')
      const found = /^<!-- prelude:([\s\S]*?)-->/.exec(comment)
      if (found) prelude = found[1]!.trim()
      index = end < 0 ? lines.length : end
    } else {
      const heading = /^#+ +(.*)$/.exec(line)
      if (heading) anchors.add(unique(slug(heading[1]!), anchors))
      const prose = line.replaceAll(/`[^`]*`/g, 'code')
      for (const [, ...targets] of prose.matchAll(
        /\]\(([^)\s]+)\)|^\[[^\]]+\]: *(\S+)|(?:href|src)="([^"]+)"/g,
      )) {
        const target = targets.find((found) => found !== undefined)
        if (target !== undefined) links.push({ line: index + 1, target })
      }
    }
  }
  return { path, text, blocks, links, anchors }
}

function unique(anchor: string, taken: ReadonlySet<string>): string {
  let free = anchor
  for (let count = 1; taken.has(free); count++) free = `${anchor}-${count}`
  return free
}
