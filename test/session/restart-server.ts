// A hub in a process of its own, for tests that kill it. What its handlers get, and the outcomes of its own
// messages, it writes down before anything else, in a file that outlives it.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createHub } from '@holdfast/server'
import { perSecond } from './traffic.ts'

const [port, life, log] = process.argv.slice(2) as [port: string, life: string, log: string]
const note = (...entry: readonly unknown[]): void => appendFileSync(log, `${JSON.stringify(entry)}\n`)

process.on('disconnect', () => process.exit())
const hub = createHub()
hub.on('up', (number) => note('up', number))
hub.handle('ask', (number) => {
  note('asked', number)
  return number
})
let sent = 0
hub.onPeer((peer) => {
  const traffic = perSecond(200, () => {
    const number = sent++
    void peer.send('down', [Number(life), number]).then(({ status }) => note(status, [Number(life), number]))
  })
  peer.onClose(traffic.stop)
})

const server = createServer()
hub.attach(server)
server.listen(Number(port), '127.0.0.1', () => process.send!('listening'))
