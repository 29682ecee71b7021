import { settleMicrotasks } from '@holdfast/testing'
import { setUpSession } from './set-up-session.ts'
import type { Channel, ClientOptions, Gap, Recovered } from '../../src/index.ts'

/** A client on the session wire, and a server with channels that is played by the test. */
export function setUpChannels(options: Partial<ClientOptions> = {}) {
  const given = setUpSession(options)
  const { live, say, ok, cut } = given

  /** The contents of the controls of channels on the last socket, from the index on. */
  const asked = (from = 0): Record<string, unknown>[] =>
    given
      .heard()
      .filter((message) => (message as unknown[])[0] === 'channel')
      .map((message) => (message as [string, Record<string, unknown>])[1])
      .slice(from)
  return {
    ...given,
    asked,
    /** Connects to a server with channels. */
    liveWithChannels: (part = {}) => live({ channels: true, ...part }),
    /** The connection breaks, and the next one is live. */
    reconnect: async (part = {}) => {
      await cut()
      await say(ok({ channels: true, ...part }))
    },
    /** Says something of channels, as the server. */
    tell: (...contents: object[]) => say(...contents.map((content) => ['channel', content])),
    /** The end of the turn. */
    turn: settleMicrotasks,
  }
}

/** A publication on the wire; its id is `p` and its offset. */
export const pub = (
  offset: number,
  data: unknown = offset,
  channel = 'room:1',
  event = 'message',
): unknown => [0, 0, event, data, { channel, at: [offset, `p${offset}`] }]

/** The position of such a publication. */
export const at = (offset: number, epoch = 'e'): [string, number, string] => [
  epoch,
  offset,
  offset === 0 ? '' : `p${offset}`,
]

/** Records what a handle brings. */
export function record(room: Channel): unknown[] {
  const got: unknown[] = []
  room.on('message', (data) => got.push(data))
  room.watch('gap', ({ missed }: Gap) => got.push(`gap ${missed}`))
  room.watch('recovered', ({ count }: Recovered) => got.push(`recovered ${count}`))
  return got
}
