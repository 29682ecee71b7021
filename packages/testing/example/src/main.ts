// A server to try out, and a command-line page that writes each typed line as a note: node src/main.ts
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { createNotesClient } from './client.ts'
import { createNotesHub } from './hub.ts'
import { openNotebook } from './notebook.ts'

const server = createServer()
const hub = createNotesHub([])
hub.attach(server.listen(8080))

const client = createNotesClient({ url: 'ws://localhost:8080/ws' })
const notebook = openNotebook(client)
const input = createInterface({ input: process.stdin })
for await (const text of input) {
  notebook.write(text)
  console.log(notebook.banner ?? '', notebook.lines)
}
await client.dispose()
await hub.close()
server.close()
