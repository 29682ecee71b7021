import { createClient, ping, plain, type SocketConstructor } from 'holdfast'
import type { Scenes } from '../../../scenes-contract.ts'
import { find } from '../dom.ts'
import { observe } from '../inspector/observe.ts'
import { createCursorsScene } from './cursors-view.ts'
import { createOrderScene } from './order-view.ts'
import { createTickerScene } from './ticker-view.ts'
import type { ScenesClient } from './types.ts'
import { createUploadScene } from './upload-view.ts'

/** The source code that runs, unchanged. */
const codes = import.meta.glob<string>('./{ticker,cursors,order,upload}.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** The scenes, each with its source code. They share a client, which connects when the first scene is shown. */
export function createScenes(page: string, WebSocket: SocketConstructor): ScenesClient {
  const client = observe(
    createClient<Scenes>({
      url: `/scenes?page=${page}`,
      WebSocket,
      wire: plain({
        heartbeat: ping({
          message: '{"type":"ping"}',
          isReply: ({ type }) => type === 'pong',
          interval: 5_000,
          timeout: 3_000,
        }),
      }),
    }),
  )
  createTickerScene(client)
  createCursorsScene(client)
  createOrderScene(client)
  createUploadScene(client)
  for (const [path, code] of Object.entries(codes))
    find(`${path.slice(2, -3)}-code`, HTMLElement).textContent = code
  return client
}
