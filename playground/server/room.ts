import { lobby, type Chat, type Person } from '../contract.ts'
import type { FramesOf } from './frames.ts'
import { freeName } from './names.ts'

type Events = Chat['toClient']

/** An action of a participant, for all others in the same room. */
export type News = FramesOf<Pick<Events, 'joined' | 'left' | 'chat' | 'typing'>>

/** Returns whether the participant with that id is to receive the news. */
export type Audience = (id: string) => boolean

/** The participants of all rooms, over all servers. Each server forwards events to its own clients. */
export interface Room {
  has(id: string): boolean
  /** Adds a participant, or changes the name. Returns the welcome for that participant. */
  join(id: string, wanted: string, room?: string): Events['welcome']
  leave(id: string): void
  say(id: string, message: string): void
  typing(id: string): void
  /** Calls the listener for every action until the returned function is called. */
  listen(listener: (news: News, isFor: Audience) => void): () => void
}

interface Participant {
  readonly person: Person
  readonly room: string
}

export function createRoom(): Room {
  const people = new Map<string, Participant>()
  const listeners = new Set<(news: News, isFor: Audience) => void>()
  const tell = (room: string, news: News): void => {
    const isFor = (id: string): boolean => id !== news.id && people.get(id)?.room === room
    for (const listener of listeners) listener(news, isFor)
  }

  return {
    has: (id) => people.has(id),
    join(id, wanted, room = people.get(id)?.room ?? lobby) {
      const others = [...people.values()]
        .filter((other) => other.room === room && other.person.id !== id)
        .map(({ person }) => person)
      const person = { id, name: freeName(wanted, others) }
      people.set(id, { person, room })
      tell(room, { type: 'joined', ...person, at: Date.now() })
      return { ...person, at: Date.now(), others }
    },
    leave(id) {
      const left = people.get(id)
      if (!left) return
      people.delete(id)
      tell(left.room, { type: 'left', ...left.person, at: Date.now() })
    },
    say(id, message) {
      const from = people.get(id)
      if (from) tell(from.room, { type: 'chat', ...from.person, message, at: Date.now() })
    },
    typing(id) {
      const from = people.get(id)
      if (from) tell(from.room, { type: 'typing', ...from.person })
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
