import type { Client } from 'holdfast'
import type { Note, NotesContract } from './contract.ts'

/** A note as the page shows it. */
export interface Line extends Note {
  readonly status: 'sending' | 'saved' | 'failed' | 'in doubt'
}

/** What the page shows, and what can be done on it. */
export interface Notebook {
  readonly lines: readonly Line[]
  /** What is wrong with the connection, in words for the top of the page. */
  readonly banner: string | undefined
  /** What happened and will not be seen otherwise. */
  readonly notices: readonly string[]
  write(text: string): void
  /** Sends a note again that has failed. */
  retry(id: string): void
}

/** How long a note waits for a connection before the page gives it back to its author, in milliseconds. */
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
      sent: 'in doubt',
      undelivered: 'failed',
      unknown: 'in doubt',
    } as const
    show({ id, text, status: shown[status] })
  }

  client.on('note.added', (note) => show({ ...note, status: 'saved' }))
  client.watch('lost', ({ why, unknown }) => {
    // A server that is shut down in good order has said goodbye to every note.
    if (why === 'drained') return
    notices.push(
      `The server has started anew.${unknown > 0 ? ` ${unknown} of your notes may be missing.` : ''}`,
    )
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
