import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createChatServer } from './chat.ts'
import { createOutage } from './outage.ts'
import { servePage } from './page.ts'

export interface Playground {
  readonly port: number
  close(): Promise<void>
}

/** Starts the whole: the page, its chat, and the button that cuts it off, all on one port; 0 takes a free one. */
export async function startPlayground(options: {
  readonly port: number
  readonly host: string
  readonly folder: string
}): Promise<Playground> {
  const page = servePage(options.folder)
  const http = createServer((request, response) => {
    const isCut = request.method === 'POST' && request.url?.startsWith('/cut?')
    return isCut ? cut(request, response) : page(request, response)
  })
  const cut = createOutage(http)

  http.listen(options.port, options.host)
  await once(http, 'listening')
  // Not before: the chat's server would throw what the other one reports, such as a port that is taken.
  const chat = createChatServer(http)

  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      chat.close()
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
}
