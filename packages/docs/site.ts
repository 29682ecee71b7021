import { globSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'

/** Pages that stand together at the side of a page, by their paths on the site. */
export interface Group {
  readonly title: string
  readonly part: Part
  readonly pages: readonly string[]
}

/** A part of the site: a page shows the groups of its own part. */
export type Part = 'start' | 'guides' | 'reference'

export const root: string = join(import.meta.dirname, '../..')

/** Where the address of the repository is known, pages link to their sources, and to files that are not on the site. */
export const repository: string | undefined = process.env['REPOSITORY']?.replace(/\/$/, '')

const ownPages = 'packages/docs/pages'
const clientDocs = 'packages/client/docs'

/** The folders of the repository whose pages are on the site, and where. The first that fits decides. */
const folders: readonly (readonly [source: string, target: string])[] = [
  [ownPages, ''],
  [clientDocs, ''],
  ['packages/testing/docs', 'testing'],
  ['playground/pictures', 'pictures'],
]

/** The start of the documentation that the package brings; the site has its own. */
const packagedStart = `${clientDocs}/README.md`

/** The pages of the site, each with the file of the repository that holds it. */
export function findPages(): Map<string, string> {
  const pages = new Map<string, string>()
  for (const [source, target] of folders)
    for (const file of globSync('**/*.{md,svg,png}', { cwd: join(root, source) })) {
      const path = file.replaceAll(sep, '/')
      if (`${source}/${path}` !== packagedStart) pages.set(posix.join(target, path), `${source}/${path}`)
    }
  for (const file of globSync('packages/*/README.md', { cwd: root })) {
    const name = file.split(sep)[1]!
    if (name !== 'docs') pages.set(`packages/${name}.md`, `packages/${name}/README.md`)
  }
  pages.set('protocol.md', 'packages/protocol/PROTOCOL.md')
  return pages
}

/** The path on the site of a file of the repository. */
export function targetOf(source: string, pages: ReadonlyMap<string, string>): string | undefined {
  if (source === packagedStart || source === 'README.md') return 'index.md'
  return [...pages].find(([, file]) => file === source)?.[0]
}

/** The guides in the order in which the package lists them. */
function guides(): string[] {
  const text = readFileSync(join(root, packagedStart), 'utf8')
  return [...text.matchAll(/\]\((guides\/[\w-]+\.md)\)/g)].map(([, path]) => path!)
}

export function groups(): Group[] {
  const start = (...names: string[]): string[] => names.map((name) => `start/${name}.md`)
  const recipe = (...names: string[]): string[] => names.map((name) => `recipes/${name}.md`)
  return [
    {
      title: 'Start',
      part: 'start',
      pages: [...start('your-server', 'both-ends', 'socket'), 'which-wire.md', 'tutorial.md'],
    },
    {
      title: 'Quick starts',
      part: 'start',
      pages: start(
        'react',
        'vue',
        'svelte',
        'next',
        'script-tag',
        'express',
        'fastify',
        'hono',
        'react-native',
      ),
    },
    {
      title: 'What to expect',
      part: 'start',
      pages: ['guarantees.md', 'defaults.md', 'faq.md', 'troubleshooting.md'],
    },
    { title: 'Guides', part: 'guides', pages: guides() },
    {
      title: 'Recipes',
      part: 'start',
      pages: recipe(
        'signing-in',
        'missed-messages',
        'optimistic-ui',
        'uploads',
        'typing-and-presence',
        'notifications',
        'one-socket',
        'testing',
        'debugging',
        'proxies',
        'kubernetes',
      ),
    },
    {
      title: 'Testing offline behaviour',
      part: 'guides',
      pages: ['offline', 'clock', 'faults', 'proxy'].map((name) => `testing/${name}.md`),
    },
    {
      title: 'Migrate from',
      part: 'start',
      pages: ['socket-io', 'reconnecting-websocket', 'partysocket', 'signalr', 'pusher', 'phoenix'].map(
        (name) => `migrate/${name}.md`,
      ),
    },
    {
      title: 'Look up',
      part: 'reference',
      pages: [
        'errors.md',
        'close-codes.md',
        'protocol.md',
        ...['client', 'server', 'react', 'vue', 'svelte', 'redis', 'testing', 'protocol'].map(
          (name) => `packages/${name}.md`,
        ),
      ],
    },
  ]
}

export function titleOf(text: string): string {
  const [, title] = /^# (.*)$/m.exec(text) ?? []
  if (title === undefined) throw new Error('the page has no title')
  return title.replaceAll('`', '')
}
