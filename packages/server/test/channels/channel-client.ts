import type { Hi } from '@holdfast/protocol'
import { settleMicrotasks } from '@holdfast/testing'
import type { Position } from '../../src/index.ts'
import type { FakeClient, SetUp } from '../support/set-up.ts'

/** A position as it is on the wire. */
export type WirePosition = readonly [epoch: string, offset: number, id: string]

/** A client of a hub that speaks of channels, driven by the test. */
export interface ChannelClient extends FakeClient {
  /** The contents of the channel controls, and the frames, since the last call. */
  received(): Promise<unknown[]>
  /** The data of the publications since the last call. */
  publications(): Promise<unknown[]>
  /** Joins channels. Resolves to what was received then. */
  enter(
    ...channels: readonly (readonly [name: string, position?: WirePosition | null, options?: object])[]
  ): Promise<Record<string, unknown>[]>
  /** Sends a request that names a channel. Resolves to the data of the answer, or to its error. */
  ask(name: string, data: unknown, meta: object): Promise<unknown>
}

export async function channelClient<C>(
  { join }: Pick<SetUp<C>, 'join'>,
  hi?: Partial<Hi>,
): Promise<ChannelClient & { readonly ok: Awaited<ReturnType<SetUp<C>['join']>>['ok'] }> {
  const client = await join(hi)
  let n = 0
  let seq = 0
  const received = async (): Promise<unknown[]> => {
    await settleMicrotasks()
    return (client.take() as unknown[][]).flatMap((message) => {
      if (message[0] === 'channel') return [message[1]]
      if (typeof message[0] === 'string') return []
      return Array.isArray(message[0]) ? message : [message]
    })
  }
  return {
    ...client,
    received,
    async publications() {
      const frames = (await received()).filter((item) => Array.isArray(item)) as unknown[][]
      return frames.filter(([seqOf]) => seqOf === 0).map(([, , , data]) => data)
    },
    async enter(...channels) {
      n++
      await client.say(['channel', { join: channels, n }])
      return (await received()) as Record<string, unknown>[]
    },
    async ask(name, data, meta) {
      seq++
      await client.say([seq, 0, name, data, { id: seq, ...meta }])
      const frames = (await received()) as [number, number, null, unknown, { re?: number; error?: string }][]
      const answer = frames.find((frame) => Array.isArray(frame) && frame[4]?.re === seq)
      return answer?.[4].error ? { error: answer[4].error } : answer?.[3]
    },
  }
}

/** A position as it is on the wire. */
export function wire({ epoch, offset, id }: Position): WirePosition {
  return [epoch, offset, id]
}
