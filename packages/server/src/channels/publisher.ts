import { misuse, utf8Length } from '@holdfast/protocol'
import { resolveLimits } from '../limits.ts'
import { systemPorts } from '../ports.ts'
import type { Broker, Position } from './broker.ts'
import type { PublishOptions } from './channel.ts'
import { checkId } from './hub-channel.ts'
import { keepTrying } from './keep-trying.ts'
import { resolveKind } from './kinds.ts'
import type { ChannelRules } from './kinds.ts'
import { parseName } from './name.ts'
import { encodePublication } from './publication.ts'
import { brokerTimeout, withinTime } from './within-time.ts'

/** Publishes in channels without being a hub: a worker, or a job that runs once. */
export interface Publisher {
  /**
   * Publishes an event to all subscribers of a channel. Resolves to its position once it is in the log.
   *
   * @throws {HoldfastError} rejects with `misuse` for a kind that was not given and for data that the wire does not accept, or with
   * the error of the broker; after that, the publication may be repeated with the same `id`
   */
  publish(channel: string, event: string, data?: unknown, options?: PublishOptions): Promise<Position>
  /** Releases the broker. */
  close(): Promise<void>
}

/** The histories of kinds: the same as in the rules of the hubs, because each publication bounds the log. */
export type PublisherKinds = Readonly<Record<string, Pick<ChannelRules, 'history'>>>

/**
 * Creates a publisher on a broker that is shared with hubs, such as `redis()`. It opens the broker at once, which keeps the process
 * alive until `close()`.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * import { createPublisher, memory } from '@holdfast/server'
 *
 * const publisher = createPublisher(memory(), { room: { history: { maxMessages: 100 } } })
 * await publisher.publish('room:42', 'message', { text: 'The report is ready' }, { wait: 30_000 })
 * await publisher.close()
 */
export function createPublisher(broker: Broker, kinds: PublisherKinds): Publisher {
  const { clock, randomBytes } = systemPorts
  const { maxPublicationBytes } = resolveLimits({})
  const policies = new Map(Object.entries(kinds).map(([kind, rules]) => [kind, resolveKind(kind, rules)]))
  const node = broker.open({ published() {}, memberChanged() {}, reset() {} })
  const newId = (): string => Buffer.from(randomBytes(16)).toString('base64url')

  return {
    async publish(channel, event, data, { id = newId(), wait = 0 } = {}) {
      checkId(id)
      const kind = policies.get(parseName(channel)?.kind ?? '')
      if (!kind) throw misuse(`the publisher knows no history of the channel ${channel}`)
      const text = encodePublication(undefined, event, data)
      if (utf8Length(text) > maxPublicationBytes) throw misuse('the publication is too large')
      return await keepTrying(clock, wait, () =>
        withinTime(clock, brokerTimeout, node.append(channel, { id, text }, kind.bounds)),
      )
    },
    close: () => node.close(),
  }
}
