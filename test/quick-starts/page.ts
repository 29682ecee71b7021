import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePage, root } from '../docs/pages.ts'

/** What a reader does in order: writes files and runs commands. */
export type Step =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'command'; readonly text: string }

/** What a reader does then, and sees: the lines of `<!-- follow … -->`. */
export interface Action {
  readonly verb: string
  readonly object: string
}

export interface QuickStart {
  readonly name: string
  readonly steps: readonly Step[]
  readonly actions: readonly Action[]
}

export const folder = 'packages/docs/pages/start'

/** A quick start, taken apart. A block of code is a file if its first line is a comment with a name. */
export function readQuickStart(name: string): QuickStart {
  const path = `${folder}/${name}.md`
  const text = readFileSync(join(root, path), 'utf8')
  const steps = parsePage(path, text).blocks.flatMap(({ language, code }): Step[] => {
    if (language === 'sh')
      return code
        .trim()
        .split('\n')
        .map((line) => ({ kind: 'command', text: line }))
    const [, file] = /^(?:\/\/|<!--) ([\w./-]+\.\w+)(?: -->)?\n/.exec(code) ?? []
    return file === undefined ? [] : [{ kind: 'file', name: file, text: code }]
  })
  const [, written = ''] = /<!-- follow\n([\s\S]*?)-->/.exec(text) ?? []
  const actions = written
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [verb = '', ...object] = line.split(' ')
      return { verb, object: object.join(' ') }
    })
  return { name, steps, actions }
}

/** Commands that run until they are stopped. */
export const isServer = (command: string): boolean => /^(node |npx (vite|next)\b)/.test(command)
