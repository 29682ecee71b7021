// A server in a process of its own, which is there to be killed. All that its application sees it writes to a journal
// before anything else, so that no peer ever knows more than the file.
import { createServer } from 'node:http'
import { createHub } from '@holdfast/server'
import type { Peer } from '@holdfast/server'
import { openJournal } from '../audit/journal.ts'
import { createNote, createSpeaker, recordHub } from './recorder.ts'
import type { Speaker } from './recorder.ts'
import type { ServerOrder, ServerSetup } from './server-process.ts'
import { startTraffic } from './traffic.ts'

const { port, life, journal: file, rate } = JSON.parse(process.argv[2]!) as ServerSetup
const journal = openJournal(file)
const note = createNote(`s${life}`, journal.write)
const say = (message: string): void => void process.send!(message)

// Ids of a life of their own.
let ids = (life + 1) * 1e9
const hub = createHub({ authenticate: ({ token = '' }) => ({ identity: token }) })
recordHub(hub, note)

const speakers = new Map<Peer, { readonly speaker: Speaker; stop(): void }>()
let isQuiet = false
hub.onPeer((peer) => {
  const speaker = createSpeaker({ to: peer, peer: peer.id, note, nextId: () => ids++, random: Math.random })
  const stop = isQuiet ? () => {} : startTraffic(speaker, rate)
  speakers.set(peer, { speaker, stop })
  peer.onClose(stop)
})

async function obey(order: ServerOrder): Promise<void> {
  isQuiet = true
  for (const { stop } of speakers.values()) stop()
  if (order === 'quiet') {
    for (const { speaker } of speakers.values()) await speaker.settled()
    return say('quiet')
  }
  await hub.close()
  for (const { speaker } of speakers.values()) await speaker.settled()
  process.exit()
}

process.on('message', (order: ServerOrder) => void obey(order))
process.on('disconnect', () => process.exit())
const server = createServer()
hub.attach(server)
server.listen(port, '127.0.0.1', () => say('listening'))
