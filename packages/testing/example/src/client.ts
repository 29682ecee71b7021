import { createClient, session } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import type { NotesContract } from './contract.ts'

/** The connection of the page. Tests pass other options. */
export function createNotesClient(options: ClientOptions): Client<NotesContract> {
  return createClient<NotesContract>({ wire: session(), ...options })
}
