import { encodeMessage, HoldfastError, misuse } from '@holdfast/protocol'
import type { Checks, Meta } from '@holdfast/protocol'
import { memoryOnly } from '../parts.ts'
import type { ClientParts } from '../parts.ts'
import { encode } from '../wire/session/encode.ts'
import { randomId } from '../wire/session/random-id.ts'
import type { ChannelWire } from '../wire/wire.ts'
import { isPlace, isPosition } from './content.ts'
import type { History, HistoryOptions, Position, Publication, PublishOptions } from './types.ts'

/** What a client asks of a channel. */
export interface ChannelRequests {
  publish(event: string, data: unknown, how: PublishOptions): Promise<Position>
  history(how: HistoryOptions): Promise<History<unknown, string>>
}

export function createChannelRequests(
  { bound, post }: ClientParts,
  { host }: ChannelWire,
  channel: string,
  checks: Checks | undefined,
): ChannelRequests {
  const ask = (
    event: string,
    data: unknown,
    meta: Pick<Meta, 'pub'>,
    outgoing: Checks | undefined,
    how: HistoryOptions,
  ): Promise<unknown> =>
    bound.request(
      undefined,
      (id) => {
        const body = encodeMessage(outgoing, event, data, undefined, (name, value) =>
          encode(name, value, { id, channel, ...meta }),
        )
        return post(body, event, memoryOnly)
      },
      how,
    )

  /** What the schema of an event makes of a publication, if it fits. */
  const checked = (publication: Publication): readonly Publication[] => {
    if (!checks) return [publication]
    const { event, data } = publication
    const result = checks.event(event, data, (invalid) => host.invalid({ ...invalid, channel }))
    return result ? [{ ...publication, data: result.value }] : []
  }

  return {
    publish(event, data, { id = randomId(host.random), ...how }) {
      if (typeof id !== 'string' || id === '' || id.length > 64)
        throw misuse('the id of a publication must have 1 to 64 characters')
      return ask(event, data, { pub: id }, checks, how).then(readPosition)
    },
    history: ({ limit = 100, before, ...how }) =>
      ask('history', { limit, before }, {}, undefined, how).then((answer) => {
        const { publications, ...rest } = readHistory(answer)
        return { ...rest, publications: publications.flatMap(checked) as never }
      }),
  }
}

function readPosition(answer: unknown): Position {
  if (!isPosition(answer)) throw invalidAnswer('a position', answer)
  const [epoch, offset, id] = answer
  return { epoch, offset, id }
}

/** The publications are not checked by a contract yet. */
function readHistory(answer: unknown): Omit<History<unknown, string>, 'publications'> & {
  readonly publications: readonly Publication[]
} {
  const { epoch, publications, more } = Object(answer) as Record<string, unknown>
  const isFine = typeof epoch === 'string' && Array.isArray(publications) && publications.every(isPlace)
  if (!isFine) throw invalidAnswer('a history', answer)
  const all = publications as unknown as readonly (readonly [number, string, string, unknown?])[]
  return {
    epoch,
    publications: all.map(([offset, id, event, data]) => ({ epoch, offset, id, event, data })),
    more: more === true,
  }
}

function invalidAnswer(why: string, data: unknown): HoldfastError {
  return new HoldfastError('invalid', `the answer of the server is not ${why}`, { data })
}
