import { createHub } from '@holdfast/server'
import type { Hub, HubOptions } from '@holdfast/server'
import type { Note, NotesContract } from './contract.ts'

/** The server: adds notes to the given list, and sends them to all other pages. */
export function createNotesHub(notes: Note[], options?: HubOptions): Hub<NotesContract> {
  const hub = createHub<NotesContract>(options)
  hub.handle('notes.list', () => notes)
  hub.on('note.add', (note, peer) => {
    notes.push(note)
    hub.broadcast('note.added', note, { except: peer })
  })
  return hub
}
