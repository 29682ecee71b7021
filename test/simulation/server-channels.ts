import { isHoldfastError } from '@holdfast/protocol'
import type { Clock } from '@holdfast/protocol'
import type { Hub, Peer } from '@holdfast/server'
import type { Shared, Tell } from './journal.ts'
import { eventNames } from './message.ts'
import type { Random } from './random.ts'
import type { ServerApp } from './server-app.ts'
import type { ServerSetting } from './setting.ts'
import { WishedError } from './wishes.ts'

/** The channels of an application on a server: it allows them, publishes, and ends subscriptions. */
export interface ServerChannels {
  publish(name: string, count: number): void
  kick(client: string, name: string): void
}

interface Context {
  readonly shared: Shared
  readonly tell: Tell
  readonly random: Random
  readonly clock: Clock
  peerOf(client: string): Peer | undefined
  /** How it decides. */
  mode(): ServerApp['authentication']
}

export function createServerChannels(
  hub: Hub,
  setting: ServerSetting['channels'],
  { shared, tell, random, clock, peerOf, mode }: Context,
): ServerChannels {
  if (!setting) return { publish() {}, kick() {} }

  const allow = (): boolean | Promise<boolean> => {
    if (mode() === 'throws') throw new WishedError()
    if (mode() !== 'slow') return true
    return new Promise((resolve) => clock.setTimer(() => resolve(true), 700))
  }
  const rules = { subscribe: allow, publish: allow }
  const { maxMessages, rewind } = setting
  hub.channels('room', { ...rules, history: { maxMessages, rewind } })
  hub.channels('brief', { ...rules, history: { maxMessages: 3 } })
  hub.channels('live', rules)

  return {
    publish(name, count) {
      for (let index = 0; index < count; index++) {
        const publication = shared.nextId()
        tell({ type: 'published', publication, channel: name })
        hub
          .channel(name)
          .publish(random.pick(eventNames), { publication })
          .then(
            ({ epoch, offset }) =>
              tell({
                type: 'publish-ended',
                publication,
                channel: name,
                epoch: shared.nameEpoch(epoch),
                offset,
              }),
            (error: unknown) => {
              const code = isHoldfastError(error) ? error.code : String(error)
              tell({ type: 'publish-ended', publication, channel: name, code })
            },
          )
      }
    },
    kick(client, name) {
      const peer = peerOf(client)
      if (peer) hub.channel(name).kick(peer)
    },
  }
}
