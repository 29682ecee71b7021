import { posix } from 'node:path'

/**
 * A page with other targets of its links. The function gets what is written, and returns what is to be written, or
 * undefined, and then only the text of the link remains. Code is left as it is, and notes for the tests are removed.
 */
export function mapLinks(text: string, target: (written: string) => string | undefined): string {
  return text.replaceAll(codeOrLink, (whole: string, ...rest: unknown[]) => {
    const { note, label, link, attribute, value } = rest.at(-1) as Record<string, string | undefined>
    if (note !== undefined) return ''
    const written = link ?? value
    if (written === undefined || /^[a-z]+:|^#/.test(written)) return whole
    const mapped = target(written)
    if (attribute !== undefined) return `${attribute}="${(mapped ?? '#').replace(/\.md(?=#|$)/, '.html')}"`
    return mapped === undefined ? label! : `[${label}](${mapped})`
  })
}

/** Code is found so that the links in it are not. The label of a link may hold code. */
const codeOrLink = new RegExp(
  [
    '^ *(?<fence>```+)[^]*?^ *\\k<fence> *$',
    '^(?<note><!--[^]*?-->\\n*)',
    '\\[(?<label>(?:`[^`\\n]*`|[^[\\]`])*)\\]\\((?<link>[^)\\s]+)\\)',
    '\\b(?<attribute>href|src)="(?<value>[^"]+)"',
    '`[^`\\n]*`',
  ].join('|'),
  'gm',
)

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
