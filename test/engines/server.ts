import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@holdfast/server'
import { build } from 'esbuild'
import { WebSocketServer } from 'ws'

/** Serves a page with a session client at `/`, another page at `/away`, and the session of the first. */
export interface PageServer extends AsyncDisposable {
  readonly url: string
  /** What pages said, in order. */
  readonly said: readonly string[]
  /** How many sockets were asked for, and how many there are. */
  readonly sockets: { readonly dials: number; readonly live: number }
  /** Tells every page that is there, or comes back. */
  tell(text: string): void
  /** Ends every connection without a handshake. */
  cut(): void
}

/** Runs in the page. What it has of itself is new after each load, as `load` shows. */
const script = `
const client = Holdfast.createClient({ url: '/ws', wire: Holdfast.session() })
const load = Math.random().toString(36).slice(2)
const told = []
client.on('tell', (text) => told.push(text))
let shownAt = performance.now(), openAt = 0, cached = false, sent = 0
const say = () => client.send('say', load + ' ' + ++sent)
client.watch('open', () => (openAt = performance.now()))
addEventListener('pagehide', say)
addEventListener('pageshow', ({ persisted }) => {
  cached = persisted
  shownAt = performance.now()
})
client.connect()
`

export async function servePage(): Promise<PageServer> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from 'holdfast'`, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'Holdfast',
    conditions: ['@holdfast/source'],
    logLevel: 'silent',
  })
  const library = outputFiles[0]!.text
  const pages: Readonly<Record<string, string>> = {
    '/': `<!doctype html><link rel="icon" href="data:," /><script src="/holdfast.js"></script><script>${script}</script>`,
    '/away': '<!doctype html><link rel="icon" href="data:," /><title>away</title>',
  }
  const said: string[] = []
  const hub = createHub({ origins: '*' })
  hub.on('say', (text) => void said.push(text as string))

  const http = createServer(({ url = '/' }, response) => {
    const isLibrary = url === '/holdfast.js'
    response.writeHead(isLibrary || pages[url] ? 200 : 404, {
      'content-type': isLibrary ? 'text/javascript' : 'text/html',
    })
    response.end(isLibrary ? library : pages[url])
  })
  const upgrades = new WebSocketServer({ noServer: true })
  const cut = (): void => {
    for (const socket of upgrades.clients) socket.terminate()
  }
  let dials = 0
  http.on('upgrade', (request, socket, head) => {
    dials++
    upgrades.handleUpgrade(request, socket, head, (accepted) => {
      upgrades.clients.add(accepted)
      hub.accept(accepted, request)
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    said,
    get sockets() {
      return { dials, live: upgrades.clients.size }
    },
    tell: (text) => hub.broadcast('tell', text),
    cut,
    async [Symbol.asyncDispose]() {
      void hub.close()
      http.close()
      http.closeAllConnections()
      cut()
      await once(http, 'close')
    },
  }
}
