// One of several nodes: a process of its own, which is there to be drained, paused and killed. All that its application sees it writes
// to a journal before anything else, so that no peer ever knows more than the file.
import { redis } from '@holdfast/redis'
import { openJournal } from '../audit/journal.ts'
import { redisClient } from '../support/redis-server.ts'
import { openApp } from './app.ts'
import type { NodeOrder, NodeSetup } from './node-process.ts'

const {
  life,
  port,
  redisPort,
  redisOptions,
  hubOptions,
  journal: file,
  rate,
} = JSON.parse(process.argv[2]!) as NodeSetup
const journal = openJournal(file)
const say = (message: string | number): void => void process.send!(message)

const app = await openApp({
  life,
  port,
  broker: redis({ client: redisClient(redisPort), ...redisOptions }),
  record: journal.write,
  rate,
  hubOptions,
})

async function obey(order: NodeOrder): Promise<void> {
  switch (order) {
    case 'quiet':
      await app.quiet()
      return say('quiet')
    case 'close':
      await app.quiet()
      await app.close()
      process.exit()
  }
}

process.on('message', (order: NodeOrder) => void obey(order))
process.on('disconnect', () => process.exit())
process.once('SIGTERM', () => void app.drain().then(() => process.exit()))
say(app.port)
