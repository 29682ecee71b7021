import type { Client } from 'holdfast'
import type { Note, NotesContract } from './contract.ts'

/** A note as the page shows it. */
export interface Line extends Note {
  readonly status: 'sending' | 'saved' | 'failed' | 'unknown'
}

/** The content and the actions of the page. */
export interface Notebook {
  readonly lines: readonly Line[]
  /** The state of a broken connection, as text for the top of the page. */
  readonly banner: string | undefined
  /** Events that the page does not show otherwise. */
  readonly notices: readonly string[]
  write(text: string): void
  /** Sends a note again that has failed. */
  retry(id: string): void
}

/** How long a note waits for a connection before it fails, in milliseconds. */
const longestWait = 10 * 60_000

export function openNotebook(client: Client<NotesContract>): Notebook {
  let lines: readonly Line[] = []
  const notices: string[] = []

  const show = (line: Line): void => {
    lines = lines.some(({ id }) => id === line.id)
      ? lines.map((other) => (other.id === line.id ? line : other))
      : [...lines, line]
  }

  const send = async ({ id, text }: Note): Promise<void> => {
    show({ id, text, status: 'sending' })
    const { status } = await client.send('note.add', { id, text }, { ttl: longestWait })
    const shown = {
      delivered: 'saved',
      sent: 'unknown',
      undelivered: 'failed',
      unknown: 'unknown',
    } as const
    show({ id, text, status: shown[status] })
  }

  client.on('note.added', (note) => show({ ...note, status: 'saved' }))
  client.watch('lost', ({ why, unknown }) => {
    // A server that drains has settled every note.
    if (why === 'drained') return
    notices.push(`The server was restarted.${unknown > 0 ? ` ${unknown} of your notes may be missing.` : ''}`)
  })
  void client.connect()

  return {
    get lines() {
      return lines
    },
    get banner() {
      const { status, cause } = client.state
      if (status === 'open' || status === 'idle') return undefined
      return cause ? 'No connection. What you write is sent later.' : 'Connecting …'
    },
    notices,
    write: (text) => void send({ id: crypto.randomUUID(), text }),
    retry(id) {
      const line = lines.find((candidate) => candidate.id === id)
      if (line?.status === 'failed') void send(line)
    },
  }
}
