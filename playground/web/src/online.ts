import type { Person } from '../../contract.ts'
import { make } from './dom.ts'

/** The participants that are online, according to the server. */
export interface Online {
  /** Replaces the list with that of a welcome. */
  reset(self: Person, others: readonly Person[]): void
  /** Adds a participant or changes the name; returns the previous name, if it was known. */
  add(person: Person): string | undefined
  remove(person: Person): void
  /** Without a connection, no participant is known to be online. */
  clear(): void
}

export function createOnline(list: HTMLUListElement): Online {
  const names = new Map<string, string>()
  let selfId = ''

  const render = (): void =>
    list.replaceChildren(
      ...[...names].map(([id, name]) => {
        const text = id === selfId ? `${name} (this phone)` : name
        const person = make('li', 'person', avatar(name), make('bdi', 'hidden', text))
        person.title = text
        return person
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

/** The first letter of a name, on a colour derived from the name. */
export function avatar(name: string): HTMLElement {
  const [letter = '?'] = new Intl.Segmenter().segment(name)[Symbol.iterator]().next().value?.segment ?? '?'
  const element = make('span', 'avatar', letter.toUpperCase())
  element.ariaHidden = 'true'
  let hash = 0
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360
  element.style.setProperty('--hue', String(hash))
  return element
}
