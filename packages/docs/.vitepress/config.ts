import { defineConfig } from 'vitepress'
import type { MarkdownRenderer } from 'vitepress'
import { slug } from '../links.ts'
import { sidebar } from '../sidebar.ts'
import { findPages, repository } from '../site.ts'

const sources = findPages()
const icon =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#1c5fb0"/></svg>',
  )

export default defineConfig({
  title: 'Holdfast',
  description:
    'A WebSocket client and server for TypeScript: typed events, automatic reconnection, and a known outcome for every message.',
  lang: 'en',
  base: process.env['BASE'] ?? '/docs/',
  head: [['link', { rel: 'icon', href: icon }]],
  srcDir: 'dist/pages',
  outDir: 'dist/next',
  cacheDir: 'dist/cache',
  // A page of the site is a file, so that every server can serve it.
  cleanUrls: false,
  // What would be a script within each page is a file.
  metaChunk: true,
  markdown: {
    anchor: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { haproxy: 'nginx' },
    config: emptyCorners,
  },
  transformPageData(page) {
    page.filePath = sources.get(page.relativePath) ?? page.filePath
    if (page.relativePath === 'index.md') Object.assign(page.frontmatter, { sidebar: false, aside: false })
    if (!sources.has(page.relativePath)) Object.assign(page.frontmatter, { editLink: false })
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start/your-server' },
      { text: 'Guides', link: '/guides/sessions' },
      { text: 'Recipes', link: '/recipes/signing-in' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: sidebar(sources),
    outline: [2, 3],
    search: { provider: 'local' },
    ...(repository && { editLink: { pattern: `${repository}/edit/main/:path`, text: 'Edit this page' } }),
  },
})

/** The corner of a table is no header if it says nothing. */
function emptyCorners(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('empty-corners', ({ tokens }) => {
    for (const [index, token] of tokens.entries())
      if (token.type === 'th_open' && tokens[index + 1]?.content === '')
        for (const cell of [token, tokens[index + 2]!]) cell.tag = 'td'
  })
}
