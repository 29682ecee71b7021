import { createHub, isHoldfastError, memory } from '@holdfast/server'
import type { AuthenticateContext, Authentication, Broker, Hub, Peer } from '@holdfast/server'
import { askVia, checkAnswer, sendVia } from './ends.ts'
import type { Sender } from './ends.ts'
import { createServerChannels } from './server-channels.ts'
import type { ServerChannels } from './server-channels.ts'
import type { Shared, Tell } from './journal.ts'
import { createLossyBroker } from './lossy-broker.ts'
import type { Machine } from './machine.ts'
import { eventNames, fromRaw, requestName } from './message.ts'
import type { Payload, Wish } from './message.ts'
import type { Ask, Send } from './plan.ts'
import type { Random } from './random.ts'
import type { ServerSetting } from './setting.ts'
import { describe, grantWish, isWished, reply, WishedError } from './wishes.ts'

/** An application on a server, from the start of its process to the end. */
export interface ServerApp {
  readonly name: string
  readonly hub: Hub
  readonly channels: ServerChannels
  /** Whether that client has had a session here. */
  knows(client: string): boolean
  /** Sends to the last session of that client, if it has had one here. */
  send(client: string, send: Send): void
  ask(client: string, ask: Ask): void
  close(client: string, code: number): void
  renew(client: string): void
  /** The process is gone, and says nothing any more. */
  kill(): void
  /** How it authenticates from now on. */
  authentication: 'prompt' | 'slow' | 'throws' | 'refuses'
}

export interface ServerAppOptions {
  readonly name: string
  readonly machine: Machine
  readonly random: Random
  readonly setting: ServerSetting
  readonly shared: Shared
  /** What it shares with other servers. */
  readonly broker?: Broker
}

export function createServerApp({
  name,
  machine,
  random,
  setting,
  shared,
  broker,
}: ServerAppOptions): ServerApp {
  const { clock } = machine
  const { window, maxPayloadBytes, maxBufferedMessages, expiresIn, channels, nodes: _, ...times } = setting
  let isKilled = false
  const tell: Tell = (event) => {
    if (!isKilled) shared.tell(name, event)
  }
  /** The last session of each client. */
  const peers = new Map<string, Peer>()

  const authenticate = async ({ token }: AuthenticateContext): Promise<Authentication | undefined> => {
    if (app.authentication === 'slow') await new Promise<void>((resolve) => clock.setTimer(resolve, 2_000))
    if (app.authentication === 'throws') throw new WishedError()
    if (app.authentication === 'refuses') return undefined
    const { client, identity } = JSON.parse(token!) as { client: string; identity: string }
    return { identity, data: client, expiresIn }
  }

  const hub = createHub({
    ...times,
    authenticate,
    ...(broker && { broker }),
    ...(channels?.broker === 'lossy' && {
      broker: createLossyBroker(
        memory({ now: () => clock.wall(), setTimer: (...timer) => void clock.setTimer(...timer) }),
        clock,
        random,
      ),
    }),
    limits: { window, maxPayloadBytes, maxBufferedMessages, publishRate: 10_000, publishBurst: 10_000 },
    ports: {
      clock,
      randomBytes: random.bytes,
      warn() {},
      report(error) {
        // A process that stalls finds its broker late.
        const isLateBroker =
          (broker || channels?.broker === 'lossy') && isHoldfastError(error) && error.code === 'timeout'
        if (!isWished(error) && !isLateBroker) shared.fault('reported', `${name}: ${describe(error)}`)
      },
    },
  })

  hub.onPeer((peer, { arrival }) => {
    const client = peer.data as string
    peers.set(client, peer)
    tell({ type: 'joined', peer: peer.id, client, identity: peer.identity, arrival })
  })
  hub.watch('closed', ({ peer, why, undelivered, unknown }) =>
    tell({ type: 'left', peer: peer.id, why, undelivered, unknown }),
  )
  hub.watch('invalid', ({ reason }) => shared.fault('invalid', `${name}: ${reason}`))
  hub.watch('unhandled', (message) => shared.fault('unhandled', `${name}: ${message.name}`))

  const grant = (wish: Wish, peer: Peer): void => {
    const close = (): void => peer.close()
    const answer = (): void => app.send(peer.data as string, reply('server'))
    grantWish(wish, shared, { reply: answer, disconnect: close, reconnect: close, dispose: close })
  }
  const from = ({ id, identity }: Peer): { readonly peer: string; readonly identity: string | null } => ({
    peer: id,
    identity,
  })

  for (const eventName of eventNames)
    hub.on(eventName, (data, peer) => {
      const { id, wish } = data as Payload
      tell({ type: 'got', id, kind: 'event', ...from(peer) })
      grant(wish, peer)
    })
  hub.onRaw((data, peer) => {
    const { id, kind, wish } = fromRaw(data)
    tell({ type: 'got', id, kind, ...from(peer) })
    grant(wish, peer)
  })
  hub.handle(requestName, (input, peer, { signal }) => {
    const { id, wish } = input as Payload
    tell({ type: 'got', id, kind: 'request', ...from(peer) })
    grant(wish, peer)
    return checkAnswer(input as Payload, clock, signal)
  })

  const senderOf = (client: string): Sender | undefined => {
    const peer = peers.get(client)
    return (
      peer && {
        peer: peer.id,
        send: (eventName, data, how) => peer.send(eventName, data, how),
        sendRaw: (data, how) => peer.sendRaw(data, how),
        request: (data, how) => peer.request(requestName, data, how),
      }
    )
  }

  const app: ServerApp = {
    name,
    hub,
    channels: createServerChannels(hub, channels, {
      shared,
      tell,
      random,
      clock,
      peerOf: (client) => peers.get(client),
      mode: () => app.authentication,
    }),
    authentication: 'prompt',
    knows: (client) => peers.has(client),
    send(client, send) {
      const sender = senderOf(client)
      if (sender) sendVia(sender, send, { shared, tell, clock, random })
    },
    ask(client, ask) {
      const sender = senderOf(client)
      if (sender) askVia(sender, ask, { shared, tell, clock, random })
    },
    close: (client, code) => peers.get(client)?.close(code),
    renew: (client) => peers.get(client)?.renew(),
    kill() {
      tell({ type: 'killed' })
      isKilled = true
      machine.halt()
    },
  }
  return app
}
