import { runInNewContext } from 'node:vm'
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { createListeners } from './listeners.ts'

const newPromise = {
  'a promise': (error: Error): unknown => Promise.reject(error),
  'a promise of another realm': (error: Error): unknown =>
    runInNewContext('Promise.reject(error)', { error }),
}

describe.each(Object.entries(newPromise))('a listener that returns %s which rejects', (_, reject) => {
  it('is reported as one that throws is, wherever it listens', async () => {
    const { hub, join, reported } = setUp()
    const rejecting = (place: string) => (): unknown => reject(new Error(place))
    hub.on('x', rejecting('on'))
    const offAny = hub.onAny(rejecting('onAny'))
    hub.onRaw(rejecting('onRaw'))
    hub.onPeer((peer) => {
      peer.onClose(rejecting('onClose'))
      return rejecting('onPeer')()
    })
    for (const kind of ['open', 'closed', 'unhandled'] as const) hub.watch(kind, rejecting(kind))
    const client = await join()
    await client.say([1, 0, 'x'])
    await client.say([2, 0, null, 'text', { raw: true }])
    offAny()
    await client.say([3, 0, 'nobody listens'])
    const peer = [...hub.peers.values()][0]!
    await client.say(['bye', { rx: 0 }])
    peer.onClose(rejecting('onClose, late'))
    await settleMicrotasks()
    expect(new Set(reported.map((error) => (error as Error).message))).toEqual(
      new Set(['on', 'onAny', 'onRaw', 'onPeer', 'open', 'closed', 'unhandled', 'onClose', 'onClose, late']),
    )
  })
})

it('a name is forgotten with its last listener', () => {
  const listeners = createListeners(() => {})
  const offs = [listeners.on('x', () => {}), listeners.on('x', () => {})]
  offs[0]!()
  offs[0]!()
  expect(listeners.emit('x')).toBe(true)
  offs[1]!()
  offs[1]!()
  expect(listeners.emit('x')).toBe(false)
})
