import type { Person } from '../../contract.ts'
import { find, make, quote } from './dom.ts'

/** Who is online, as far as the server said. */
export interface Online {
  /** Starts over with what a welcome says. */
  reset(self: Person, others: readonly Person[]): void
  /** Adds somebody or changes their name; gives the name before, if it was known. */
  add(person: Person): string | undefined
  remove(person: Person): void
  /** Nobody is known to be online while there is no connection. */
  clear(): void
}

export function createOnline(): Online {
  const list = find('online', HTMLUListElement)
  const names = new Map<string, string>()
  let selfId = ''

  const render = (): void =>
    list.replaceChildren(
      ...[...names].map(([id, name]) => {
        const chip = make('li', 'person', avatar(name), quote(name))
        if (id === selfId) chip.append(make('span', 'muted', '(you)'))
        return chip
      }),
    )

  return {
    reset(self, others) {
      selfId = self.id
      names.clear()
      for (const { id, name } of [self, ...others]) names.set(id, name)
      render()
    },
    add({ id, name }) {
      const before = names.get(id)
      names.set(id, name)
      render()
      return before
    },
    remove({ id }) {
      names.delete(id)
      render()
    },
    clear() {
      names.clear()
      render()
    },
  }
}

/** The first letter of a name, on a colour that goes with the name. */
export function avatar(name: string): HTMLElement {
  const [letter = '?'] = new Intl.Segmenter().segment(name)[Symbol.iterator]().next().value?.segment ?? '?'
  const element = make('span', 'avatar', letter.toUpperCase())
  element.ariaHidden = 'true'
  let hash = 0
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360
  element.style.setProperty('--hue', String(hash))
  return element
}
