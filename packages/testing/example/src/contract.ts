/** The messages of the page and the server. */
export interface NotesContract {
  toClient: { 'note.added': Note }
  toServer: { 'note.add': Note; 'notes.list'(): readonly Note[] }
}

export interface Note {
  readonly id: string
  readonly text: string
}
