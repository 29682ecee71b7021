import { at, pub, setUpChannels } from '../../packages/client/test/support/set-up-channels.ts'

/** A client that is connected to a server with channels, which the test plays. */
export type ChannelServer = Awaited<ReturnType<typeof connectedToChannels>>

export async function connectedToChannels() {
  const given = setUpChannels()
  await given.liveWithChannels()
  const { asked, tell } = given
  return {
    ...given,
    /** Answers the last join. */
    async join(...joined: (readonly [name: string, offset: number])[]): Promise<void> {
      await given.turn()
      const { n } = asked().findLast((content) => 'join' in content)!
      await tell(...joined.map(([name, offset]) => ({ joined: name, n, at: at(offset), missed: 0 })))
    },
    publish: (offset: number, channel = 'room:1') => given.say(pub(offset, offset, channel)),
    joins: (): unknown[] => asked().flatMap((content) => content['join'] ?? []),
    leaves: (): unknown[] => asked().flatMap((content) => content['leave'] ?? []),
  }
}
