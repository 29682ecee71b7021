import { posix } from 'node:path'

/**
 * A page with other targets of its links. The function gets what is written, and returns what is to be written, or
 * undefined, and then only the text of the link remains. Code is left as it is, and notes for the tests are removed.
 */
export function mapLinks(text: string, target: (written: string) => string | undefined): string {
  const withoutNotes = text.replaceAll(/^<!--[\s\S]*?-->\n*/gm, '')
  const code = /^(\s*)(```+)[\s\S]*?^\s*\2 *$|`[^`\n]*`/gm
  let result = ''
  let end = 0
  for (const match of withoutNotes.matchAll(code)) {
    result += mapProse(withoutNotes.slice(end, match.index), target) + match[0]
    end = match.index + match[0].length
  }
  return result + mapProse(withoutNotes.slice(end), target)
}

function mapProse(prose: string, target: (written: string) => string | undefined): string {
  return prose.replaceAll(/\]\(([^)\s]+)\)|\b(href|src)="([^"]+)"/g, (whole, link?: string, attribute?: string, value?: string) => {
    const written = link ?? value!
    if (/^[a-z]+:|^#/.test(written)) return whole
    const mapped = target(written)
    if (attribute !== undefined) return `${attribute}="${(mapped ?? '#').replace(/\.md(?=#|$)/, '.html')}"`
    return mapped === undefined ? ']' : `](${mapped})`
  })
}

/** From one path on the site to another. */
export function relativeLink(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}

/** As GitHub makes an anchor of a heading. */
export function slug(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-')
}
