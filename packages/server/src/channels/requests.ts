import { HoldfastError, isHoldfastError, utf8Length } from '@holdfast/protocol'
import type { Answerer, Meta } from '@holdfast/protocol'
import { countOne } from '../counters.ts'
import type { SessionRecord } from '../session-record.ts'
import type { Position } from './broker.ts'
import type { ChannelParts } from './channel-parts.ts'
import { boundRange, listedPage, pageBytes, readRange } from './history.ts'
import type { KindPolicy } from './kinds.ts'
import { isId } from './hub-channel.ts'
import { parseName } from './name.ts'
import type { PeerChannels } from './peer-channels.ts'
import { encodePublication } from './publication.ts'
import { decide, unavailable } from './verdict.ts'
import type { Decision } from './verdict.ts'

/** A channel that a request names. */
interface Asked {
  readonly name: string
  readonly id: string
  readonly kind: KindPolicy
}

/** How many bytes of an answer are not publications. */
const answerOverhead = 1_024
const defaultHistory = 100

/** Finds what answers a request of a client that names a channel: to publish, or to read the history. */
export function findAnswerer(
  parts: ChannelParts,
  record: SessionRecord,
  channels: PeerChannels,
  event: string,
  { channel, pub }: Meta,
): Answerer {
  const parsed = parseName(channel)
  const kind = parsed && parts.kinds.get(parsed.kind)
  if (!kind) return () => refuse('forbidden', 'no such channel')
  const asked = { name: channel as string, id: parsed.id, kind }
  if (pub === undefined) return (input) => readHistory(parts, record, channels, asked, input)
  return (data) => publish(parts, record, channels, asked, { event, data, pub })
}

interface Wanted {
  readonly event: string
  readonly data: unknown
  readonly pub: unknown
}

function publish(
  parts: ChannelParts,
  record: SessionRecord,
  channels: PeerChannels,
  { name, id, kind }: Asked,
  { event, data, pub }: Wanted,
): unknown {
  if (!isId(pub)) return refuse('invalid', 'pub has 1 to 64 characters')
  if (!channels.takePublishToken()) {
    channels.reached('publishRate')
    refuse('rate', 'too many publications')
  }
  const text = encoded(parts, kind.kind, event, data)
  const { publish: rule } = kind
  return channels.inOrder(name, () => {
    const ask = rule && (() => rule(record.peer, id, event, data))
    return afterwards(decideFor(parts, kind, ask), async () => {
      const position = await append(parts, name, pub, text, kind)
      return [position.epoch, position.offset, position.id]
    })
  })
}

/** @throws {HoldfastError} `remote` */
function encoded(
  { limits, counters, checksOf, warn }: ChannelParts,
  kind: string,
  event: string,
  data: unknown,
): string {
  if (data instanceof Uint8Array) refuse('invalid', 'channels carry JSON only')
  let text: string
  try {
    // Subscribers check it again, so it is published as it came.
    text = encodePublication(checksOf(kind), event, data)
  } catch (error) {
    warn(`publications ${kind}`, `a publication of a client was refused as invalid: ${String(error)}`)
    return refuse('invalid', 'the publication does not fit the contract, or nests too deep')
  }
  if (utf8Length(text) > limits.maxPublicationBytes) {
    countOne(counters.limitHits, 'maxPublicationBytes')
    refuse('too-large', 'the publication is too large')
  }
  return text
}

async function append(
  { feeds }: ChannelParts,
  name: string,
  id: string,
  text: string,
  { bounds }: KindPolicy,
): Promise<Position> {
  try {
    return await feeds.append(name, { id, text }, bounds)
  } catch (error) {
    feeds.failed(error)
    const isLate = isHoldfastError(error) && error.code === 'timeout'
    return refuse(isLate ? 'timeout' : 'unavailable', 'the broker failed')
  }
}

async function readHistory(
  parts: ChannelParts,
  record: SessionRecord,
  channels: PeerChannels,
  { name, id, kind }: Asked,
  input: unknown,
): Promise<unknown> {
  const { limit = defaultHistory, before } = Object(input) as { limit?: unknown; before?: unknown }
  const range = readRange(limit, before)
  if (!range) return refuse('invalid', 'limit and before are integers above 0')
  const { subscribe: rule } = kind
  const isKnown = channels.hasBegun(name)
  const ask = rule && (() => rule(record.peer, id))
  return afterwards(isKnown ? allowed : decideFor(parts, kind, ask), async () => {
    const maxBytes = pageBytes(record.maxMessageBytes - answerOverhead, parts.limits)
    try {
      return listedPage(await parts.feeds.history(name, boundRange(range), maxBytes))
    } catch (error) {
      parts.feeds.failed(error)
      return refuse('unavailable', 'the broker failed')
    }
  })
}

const allowed: Decision = { isAllowed: true, permission: {} }

function decideFor(
  { clock, reportTrouble }: ChannelParts,
  { kind }: KindPolicy,
  rule: (() => unknown) | undefined,
): Decision | Promise<Decision> {
  return decide(clock, rule, (error) => reportTrouble(`channels ${kind}`, error))
}

/** Goes on once a rule has allowed it; without a promise if the rule needed none. */
function afterwards<T>(decision: Decision | Promise<Decision>, run: () => Promise<T>): Promise<T> {
  const goOn = (result: Decision): Promise<T> =>
    result.isAllowed ? run() : refuse(result.why, result === unavailable ? 'try later' : 'not allowed')
  return decision instanceof Promise ? decision.then(goOn) : goOn(decision)
}

function refuse(reason: string, message: string): never {
  throw new HoldfastError('remote', message, { reason })
}
