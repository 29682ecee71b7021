import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './pages.ts'

/** A line of prose that contains a replaced word or phrase. */
export interface Finding {
  readonly place: string
  readonly text: string
  readonly instead: string
}

interface Line {
  readonly number: number
  readonly text: string
}

/** The words and phrases that the project replaced, and what it uses instead. */
const replaced: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\blanes?\b/i, 'producer; in parallel; direction'],
  [/\b(keepers?|adoptions?)\b/i, 'persistence, orphan recovery, store'],
  [/\bwire ?end\b/i, 'conversation'],
  [/\b(endings|notices) of\b/i, 'teardown, deferred events'],
  [/\btolds?\b/i, 'notified, reported; retryAfter'],
  [/\b(hears?|heard)\b/i, 'is notified of, receives'],
  [/\b(doubts?|in doubt)\b/i, 'probe'],
  [/\b(hastens?|accuses?|fleeting)\b/i, 'shorten the wait, quarantine, volatile'],
  [/\bmaxFrameBytes\b/, 'maxPayloadBytes'],
  [/\bhand(s|ed|ing)?( it| them| messages?)? on\b/i, 'deliver to the handlers, pass on'],
  [/\bbec(ame|omes?|ome) of\b/i, 'outcome of'],
  [/\btell(s|ing)? (of|what|how|why|whether|when|more)\b/i, 'reports, describes'],
  [/\b(no|any|some|every)(body|one)\b/i, 'name the client, server, caller, user or page'],
  [/\bwhoever\b|(^|[.:;(|] |\b(of|to|for|by|from|than) )who\b/i, 'name the actor'],
  [/\bbelie(ves?|ved) to be\b/i, 'reports that it is'],
  [/\b(is|are) no right\b/i, 'is advisory'],
  [/\bthat (is|are) (none|no)\b/i, 'is not, invalid'],
  [/\bbefore it judges\b/i, 'before it drops the connection'],
  [/\bas if it were\b/i, 'like'],
  [/\bfor good\b/i, 'permanently'],
  [/\bin vain\b/i, 'without effect'],
  [/\bgoodbyes?\b/i, 'bye'],
  [/\bshall\b/i, 'must, is to'],
]

/** The lines of prose in a file: of a page without its code, of a program its comments and the titles of its tests. */
export function proseOf(path: string, text: string): Line[] {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line }))
  if (path.endsWith('.md'))
    return lines.map(({ number, text: line }) => ({ number, text: withoutCode(line) }))
  return lines.flatMap(({ number, text: line }) => {
    const comment = /^\s*(?:\/?\*\*?|\/\/)(.*)$|\s\/\/ (.*)$/.exec(line)
    const title = /^\s*(?:it|test|describe)(?:\.\w+)*(?:\(.*\))?\(\s*(['"`])(.*?)\1/.exec(line)
    const prose = comment?.[1] ?? comment?.[2] ?? title?.[2]
    return prose === undefined ? [] : [{ number, text: withoutCode(prose) }]
  })
}

function withoutCode(text: string): string {
  return text.replaceAll(/`[^`]*`/g, '').replaceAll(/\]\([^)]*\)/g, ']')
}

export function findReplaced(path: string, text: string): Finding[] {
  return proseOf(path, text).flatMap((line) => {
    const found = replaced.find(([pattern]) => pattern.test(line.text))
    return found ? [{ place: `${path}:${line.number}`, text: line.text.trim(), instead: found[1] }] : []
  })
}

/** What errors say that a program makes with a text in place. */
export function errorTextsOf(text: string): string[] {
  const made = /\b(?:misuse|unusable|\w*Error)\(\s*(?:'[\w-]+',\s*)?(['"`])((?:\\.|(?!\1)[^\\])+)\1/g
  return [...text.matchAll(made)].map(([, , said]) => said!)
}

/** The texts of the errors in programs that are no tests, each with what to write instead if it has a replaced word. */
export function errorTextsIn(globs: readonly string[]): (Omit<Finding, 'instead'> & { instead?: string })[] {
  return globSync([...globs], { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) =>
      errorTextsOf(readFileSync(join(root, path), 'utf8')).map((said) => {
        const [, instead] = replaced.find(([pattern]) => pattern.test(said)) ?? []
        return { place: path, text: said, ...(instead && { instead }) }
      }),
    )
}

export function findIn(globs: readonly string[]): Finding[] {
  return globSync([...globs], { cwd: root, exclude: (name) => /node_modules|^dist$|^coverage$/.test(name) })
    .map((path) => path.replaceAll('\\', '/'))
    .flatMap((path) => findReplaced(path, readFileSync(join(root, path), 'utf8')))
}
