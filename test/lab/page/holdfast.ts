import { createClient } from 'holdfast'
import type { Client, ClientOptions } from 'holdfast'
import type { Down, Subject, Up } from './lab.ts'

interface Talk {
  toClient: { down: Down }
  toServer: { up: Up }
}

/** Holdfast, with a wire and whatever else of its options is to be tried. */
export function holdfast(options: Omit<ClientOptions, 'url'> = {}): Subject {
  let client: Client<Talk>
  return {
    connect(url, books) {
      client = createClient<Talk>({ ...options, url })
      Object.assign(globalThis, { client })
      client.on('down', (message) => books.received(message))
      let before = client.state.status
      client.subscribe(() => {
        const { status, cause } = client.state
        if (status === before) return
        before = status
        if (status === 'open') books.open()
        else if (status !== 'connecting') books.down(cause?.reason ?? status)
      })
      void client.connect()
    },
    send: (message) => void client.send('up', message),
  }
}
