import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import type { DefaultTheme } from 'vitepress'
import { slug } from '../links.ts'
import { findPages, groups, repository, root, titleOf } from '../site.ts'

const sources = findPages()
const reference = join(import.meta.dirname, '../dist/pages/reference/sidebar.json')

export default defineConfig({
  title: 'Holdfast',
  description: 'A WebSocket that holds fast: typed events, automatic reconnection, and a known outcome for every message.',
  lang: 'en',
  base: process.env['BASE'] ?? '/docs/',
  srcDir: 'dist/pages',
  outDir: 'dist/site',
  cacheDir: 'dist/cache',
  // A page of the site is a file, so that every server can serve it.
  cleanUrls: false,
  // What would be a script within each page is a file.
  metaChunk: true,
  markdown: {
    anchor: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { haproxy: 'nginx', Caddyfile: 'nginx' },
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
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    ...(repository && { editLink: { pattern: `${repository}/edit/main/:path`, text: 'Edit this page' } }),
  },
})

function sidebar(): DefaultTheme.SidebarItem[] {
  const guides = groups().map(({ title, pages }) => ({
    text: title,
    collapsed: title !== 'Start',
    items: pages.map((page) => ({
      text: titleOf(readFileSync(join(root, sources.get(page)!), 'utf8')),
      link: `/${page.replace(/\.md$/, '')}`,
    })),
  }))
  return guides
}
