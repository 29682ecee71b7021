// The channel of all clients: what they see of it, and who publishes in it.
import { createPublisher, isHoldfastError } from '@holdfast/server'
import type { Broker } from '@holdfast/server'
import { channel } from 'holdfast'
import type { Channel, Position } from 'holdfast'
import type { HistoryEvent } from '../audit/history.ts'
import type { RecordedClient } from '../chaos/clients.ts'
import { createNote } from '../chaos/recorder.ts'
import { rules } from '../redis/nodes.ts'
import { perSecond } from '../session/traffic.ts'

const name = 'room:1'

const placeOf = ({ epoch, offset }: Position) => ({ channel: name, epoch, offset })

/** A client in the room. */
export interface Visit {
  readonly room: Channel
  /** The members who came and left, since the moment when all were there. */
  readonly changes: string[]
  /** Takes down no more of the members. */
  stop(): void
}

/** Enters the room, and takes down all that the client sees of it. */
export function enterRoom({ client, name: member, note }: RecordedClient): Visit {
  note({ type: 'subscribed', channel: name })
  const room = channel(client, name)
  const changes: string[] = []
  room.on('tick', (data, position) =>
    note({ type: 'publication', publication: Number(data), ...placeOf(position) }),
  )
  room.watch('joined', () => note({ type: 'channel-joined', ...placeOf(room.position!) }))
  room.watch('refused', ({ reason }) =>
    note({ type: 'channel-refused', channel: name, reason: String(reason) }),
  )
  room.watch('gap', ({ missed = null }) => note({ type: 'channel-gap', missed, ...placeOf(room.position!) }))
  room.watch('recovered', ({ count }) => note({ type: 'channel-recovered', channel: name, count }))
  room.presence.set(member)
  for (const kind of ['join', 'leave'] as const)
    room.presence.on(kind, ({ data }) => changes.push(`${kind} of ${String(data)}`))
  const stop = room.presence.subscribe(() => {
    const members = room.presence.state.members.map(({ data }) => String(data))
    note({ type: 'members', channel: name, members })
  })
  return { room, changes, stop }
}

/** Publishes in the room, from outside of all nodes. */
export interface RoomPublisher {
  start(perSecond: number): void
  /** Resolves once all publications have ended. */
  stop(): Promise<void>
}

export function createRoomPublisher(broker: Broker, record: (event: HistoryEvent) => void): RoomPublisher {
  const { history } = rules
  const publisher = createPublisher(broker, { room: { ...(history && { history }) } })
  const note = createNote('publisher', record)
  const pending = new Set<Promise<void>>()
  let publications = 0
  let flow: Disposable | undefined

  const publish = async (publication: number): Promise<void> => {
    note({ type: 'published', publication, channel: name })
    try {
      const position = await publisher.publish(name, 'tick', publication)
      note({ type: 'publish-ended', publication, ...placeOf(position) })
    } catch (error) {
      const code = isHoldfastError(error) ? error.code : String(error)
      note({ type: 'publish-ended', publication, channel: name, code })
    }
  }

  return {
    start(rate) {
      flow = perSecond(rate, () => {
        const ended = publish(publications++)
        pending.add(ended)
        void ended.finally(() => pending.delete(ended))
      })
    },
    async stop() {
      flow?.[Symbol.dispose]()
      await Promise.all(pending)
      await publisher.close()
    },
  }
}
