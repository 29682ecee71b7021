import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { entries } from './entries.ts'
import { groups, root, titleOf } from './site.ts'
import type { Part } from './site.ts'

/** Which part of the site a page belongs to, by the beginning of its path. */
const parts: Readonly<Record<string, Part>> = {
  '/guides/': 'guides',
  '/testing/': 'guides',
  '/errors': 'reference',
  '/close-codes': 'reference',
  '/protocol': 'reference',
  '/packages/': 'reference',
  '/reference/': 'reference',
  '/': 'start',
}

/** The pages beside a page, which are those of its part. */
export function sidebar(sources: ReadonlyMap<string, string>): DefaultTheme.SidebarMulti {
  const all = groups().map(({ title, part, pages }) => ({
    part,
    text: title,
    items: pages.map((page) => ({
      text: titleOf(readFileSync(join(root, sources.get(page)!), 'utf8')),
      link: `/${page.replace(/\.md$/, '')}`,
    })),
  }))
  const declarations = {
    part: 'reference' as const,
    text: 'Every export',
    items: [...entries().keys()].map((name) => ({ text: name, link: `/reference/${name}` })),
  }
  return Object.fromEntries(
    Object.entries(parts).map(([path, part]) => [
      path,
      [...all, declarations].filter((group) => group.part === part),
    ]),
  )
}
