import { createClient, session } from 'holdfast'
import type { Client, Signal, SocketConstructor } from 'holdfast'
import { createClientChannels } from './client-channels.ts'
import type { ClientChannels } from './client-channels.ts'
import type { Shared, Tell } from './journal.ts'
import type { Machine } from './machine.ts'
import { askVia, checkAnswer, sendVia } from './ends.ts'
import type { Sender } from './ends.ts'
import { eventNames, fromRaw, requestName } from './message.ts'
import type { Payload, Wish } from './message.ts'
import type { Ask, Send } from './plan.ts'
import type { Random } from './random.ts'
import type { ClientSetting } from './setting.ts'
import { describe, grantWish, isWished, reply, WishedError } from './wishes.ts'

/** An application on a client: it follows the plan, and reports what it sees. */
export interface ClientApp {
  readonly name: string
  readonly client: Client
  readonly isDisposed: boolean
  /** Whether the application wants a connection. */
  readonly wantsConnection: boolean
  /** For how many milliseconds it has been open. */
  openFor(now: number): number
  readonly channels: ClientChannels
  send(send: Send): void
  ask(ask: Ask): void
  connect(): void
  disconnect(queue: 'keep' | 'discard'): void
  reconnect(): void
  dispose(): void
  login(): void
  signal(signal: Signal): void
  /** How it gets its tokens from now on. */
  tokenMode: 'prompt' | 'slow' | 'throws'
}

export interface ClientAppOptions {
  readonly name: string
  readonly url: string
  readonly WebSocket: SocketConstructor
  readonly machine: Machine
  readonly random: Random
  readonly setting: ClientSetting
  readonly shared: Shared
  /** The application wants a connection now, or hints that it might be the time for one. */
  asked(): void
}

export function createClientApp(options: ClientAppOptions): ClientApp {
  const { name, url, WebSocket, machine, random, setting, shared, asked } = options
  const tell: Tell = (event) => shared.tell(name, event)
  const { clock } = machine
  let user = 0
  let identity = 'user-0'
  let isDisposed = false
  let wantsConnection = false
  let openSince: number | undefined
  let openTime = 0
  let notice: ((signal: Signal) => void) | undefined

  const token = async (): Promise<string> => {
    const own = `user-${user}`
    if (app.tokenMode === 'slow') await after(3_000)
    if (app.tokenMode === 'throws') throw new WishedError()
    identity = own
    return JSON.stringify({ client: name, identity: own })
  }
  const after = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, ms))

  const client = createClient({
    url,
    WebSocket,
    token,
    wire: session({ window: setting.window }),
    outbox: { maxMessages: setting.maxQueued, overflow: setting.overflow },
    ports: {
      clock,
      random: random.next,
      signals: {
        listen(listener) {
          notice = listener
          return () => (notice = undefined)
        },
        isOffline: () => false,
      },
      report(error) {
        if (!isWished(error)) shared.fault('reported', `${name}: ${describe(error)}`)
      },
    },
  })

  client.watch('open', ({ resumed, replayed }) => {
    openSince = clock.now()
    tell({ type: 'open', resumed, replayed, identity })
  })
  client.watch('down', ({ reason, code }) => {
    openTime += clock.now() - (openSince ?? clock.now())
    openSince = undefined
    tell({ type: 'down', reason, ...(code !== undefined && { code }) })
  })
  client.watch('closed', ({ reason, code }) =>
    tell({ type: 'closed', reason, ...(code !== undefined && { code }) }),
  )
  client.watch('lost', ({ why, missed = null, undelivered, unknown }) =>
    tell({ type: 'lost', why, missed, undelivered, unknown }),
  )
  client.watch('invalid', ({ reason }) => shared.fault('invalid', `${name}: ${reason}`))
  client.watch('unhandled', (message) => shared.fault('unhandled', `${name}: ${message.name}`))

  const grant = (wish: Wish): void =>
    grantWish(wish, shared, {
      reply: () => app.send(reply('client')),
      disconnect: () => app.disconnect('keep'),
      reconnect: () => app.reconnect(),
      dispose: () => app.dispose(),
    })

  for (const eventName of eventNames)
    client.on(eventName, (data) => {
      const { id, wish } = data as Payload
      tell({ type: 'got', id, kind: 'event' })
      grant(wish)
    })
  client.onRaw((data) => {
    const { id, kind, wish } = fromRaw(data)
    tell({ type: 'got', id, kind })
    grant(wish)
  })
  client.handle(requestName, (input, { signal }) => {
    const { id, wish } = input as Payload
    tell({ type: 'got', id, kind: 'request' })
    grant(wish)
    return checkAnswer(input as Payload, clock, signal)
  })

  const sender: Sender = {
    send: (eventName, data, how) => client.send(eventName, data, how),
    sendRaw: (data, how) => client.sendRaw(data, how),
    request: (data, how) => client.request(requestName, data, how),
  }

  const app: ClientApp = {
    name,
    client,
    tokenMode: 'prompt',
    channels: createClientChannels(client, { shared, tell, random }),
    get isDisposed() {
      return isDisposed
    },
    get wantsConnection() {
      return wantsConnection && !isDisposed
    },
    openFor: (now) => openTime + (openSince === undefined ? 0 : now - openSince),
    send: (send) => sendVia(sender, send, { shared, tell, clock, random }),
    ask: (ask) => askVia(sender, ask, { shared, tell, clock, random }),
    connect() {
      tell({ type: 'did', what: 'connect' })
      asked()
      wantsConnection = true
      void client.connect()
    },
    disconnect(queue) {
      tell({ type: 'did', what: queue === 'discard' ? 'discard' : 'disconnect' })
      wantsConnection = false
      void client.disconnect({ queue })
    },
    reconnect() {
      tell({ type: 'did', what: 'reconnect' })
      asked()
      wantsConnection = true
      void client.reconnect()
    },
    dispose() {
      if (isDisposed) return
      isDisposed = true
      tell({ type: 'did', what: 'dispose' })
      openTime = app.openFor(clock.now())
      openSince = undefined
      void client.dispose()
    },
    login() {
      tell({ type: 'did', what: 'login' })
      user++
    },
    signal(signal) {
      asked()
      notice?.(signal)
    },
  }
  return app
}
