import type { Chat, Person } from '../contract.ts'
import type { FramesOf } from './frames.ts'
import { freeName } from './names.ts'

type Events = Chat['toClient']

/** An action of a participant, for all others. */
export type News = FramesOf<Pick<Events, 'joined' | 'left' | 'chat' | 'typing'>>

/** The participants of the chat, over all servers. Each server forwards events to its own clients. */
export interface Room {
  has(id: string): boolean
  /** Adds a participant, or changes the name. Returns the welcome for that participant. */
  join(id: string, wanted: string): Events['welcome']
  leave(id: string): void
  say(id: string, message: string): void
  typing(id: string): void
  /** Calls the listener for every action, with the id of the participant, until the returned function is called. */
  listen(listener: (news: News, from: string) => void): () => void
}

export function createRoom(): Room {
  const people = new Map<string, Person>()
  const listeners = new Set<(news: News, from: string) => void>()
  const tell = (news: News): void => {
    for (const listener of listeners) listener(news, news.id)
  }

  return {
    has: (id) => people.has(id),
    join(id, wanted) {
      const others = [...people.values()].filter((person) => person.id !== id)
      const person = { id, name: freeName(wanted, others) }
      people.set(id, person)
      tell({ type: 'joined', ...person, at: Date.now() })
      return { ...person, at: Date.now(), others }
    },
    leave(id) {
      const person = people.get(id)
      if (!person) return
      people.delete(id)
      tell({ type: 'left', ...person, at: Date.now() })
    },
    say(id, message) {
      const person = people.get(id)
      if (person) tell({ type: 'chat', ...person, message, at: Date.now() })
    },
    typing(id) {
      const person = people.get(id)
      if (person) tell({ type: 'typing', ...person })
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
