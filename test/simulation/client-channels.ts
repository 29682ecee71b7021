import { HoldfastError } from '@holdfast/protocol'
import { channel as openChannel } from 'holdfast'
import type { Channel, Client, Position } from 'holdfast'
import type { Shared, Tell } from './journal.ts'
import { eventNames } from './message.ts'
import type { Random } from './random.ts'

/** The channels of an application on a client: it enters them, publishes, and reports what it sees. */
export interface ClientChannels {
  readonly areUsed: boolean
  enter(name: string, goesOn: boolean): void
  exit(name: string): void
  publish(name: string, count: number): void
}

interface Context {
  readonly shared: Shared
  readonly tell: Tell
  readonly random: Random
}

export function createClientChannels(client: Client, { shared, tell, random }: Context): ClientChannels {
  const channels = new Map<string, Channel>()
  const positions = new Map<string, Position>()
  let areUsed = false

  const placeOf = (channel: string, { epoch, offset }: Position) => ({
    channel,
    epoch: shared.nameEpoch(epoch),
    offset,
  })

  const listen = (name: string, room: Channel): void => {
    for (const event of eventNames)
      room.on(event, (data, publication) =>
        tell({
          type: 'publication',
          publication: (data as { readonly publication: number }).publication,
          ...placeOf(name, publication),
        }),
      )
    room.watch('joined', () => tell({ type: 'channel-joined', ...placeOf(name, room.position!) }))
    room.watch('refused', ({ reason }) =>
      tell({ type: 'channel-refused', channel: name, reason: String(reason) }),
    )
    room.watch('gap', ({ missed }) =>
      tell({ type: 'channel-gap', missed: missed ?? null, ...placeOf(name, room.position!) }),
    )
    room.watch('recovered', ({ count }) => tell({ type: 'channel-recovered', channel: name, count }))
  }

  /** It ends with a position, or with an error that is the outcome of the request. */
  const publish = (name: string, room: Channel): void => {
    const publication = shared.nextId()
    tell({ type: 'published', publication, channel: name })
    tell({ type: 'sent', id: publication, kind: 'request', unhandled: true })
    room.publish(random.pick(eventNames), { publication }, { timeout: 30_000 }).then(
      (position) => {
        tell({ type: 'answered', id: publication, how: 'right' })
        tell({ type: 'publish-ended', publication, ...placeOf(name, position) })
      },
      (error: unknown) => {
        if (!(error instanceof HoldfastError)) return shared.fault('error', String(error))
        const { code, reason, outcome } = error
        const how = { code, ...(reason !== undefined && { reason }) }
        tell({ type: 'answered', id: publication, how: 'error', ...how })
        if (outcome) tell({ type: 'settled', id: publication, ...outcome })
        tell({ type: 'publish-ended', publication, channel: name, ...how })
      },
    )
  }

  return {
    get areUsed() {
      return areUsed
    },
    enter(name, goesOn) {
      if (channels.has(name)) return
      areUsed = true
      const since = goesOn ? positions.get(name) : undefined
      tell({
        type: 'subscribed',
        channel: name,
        ...(since && { since: { epoch: shared.nameEpoch(since.epoch), offset: since.offset } }),
      })
      const room = openChannel(client, name, { since })
      channels.set(name, room)
      listen(name, room)
    },
    exit(name) {
      const room = channels.get(name)
      if (!room) return
      tell({ type: 'unsubscribed', channel: name })
      channels.delete(name)
      room.leave()
      if (room.position) positions.set(name, room.position)
    },
    publish(name, count) {
      const room = channels.get(name)
      if (!room) return
      for (let index = 0; index < count; index++) publish(name, room)
    },
  }
}
