import type { Person } from '../../contract.ts'
import { setText } from './dom.ts'

const noticeLasts = 4_000

/**
 * The participants that are typing. An entry expires automatically, because the event that removes it could be lost.
 */
export interface Typing {
  started(person: Person): void
  stopped(person: Pick<Person, 'id'>): void
  clear(): void
}

export function createTyping(line: HTMLElement): Typing {
  const typists = new Map<string, { readonly name: string; readonly timer: number }>()

  const render = (): void => {
    const names = [...typists.values()].map(({ name }) => `\u2068${name}\u2069`) // Isolated, as <bdi> does.
    if (names.length === 0) setText(line, '')
    else if (names.length > 3) setText(line, 'Several people are typing…')
    else
      setText(line, `${new Intl.ListFormat('en').format(names)} ${names.length > 1 ? 'are' : 'is'} typing…`)
  }
  const remove = (id: string): void => {
    clearTimeout(typists.get(id)?.timer)
    if (typists.delete(id)) render()
  }

  return {
    started({ id, name }) {
      clearTimeout(typists.get(id)?.timer)
      typists.set(id, { name, timer: window.setTimeout(() => remove(id), noticeLasts) })
      render()
    },
    stopped: ({ id }) => remove(id),
    clear() {
      for (const id of typists.keys()) remove(id)
    },
  }
}
