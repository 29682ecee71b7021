import type * as Mitt from 'mitt'
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import type { Client } from './client.ts'
import { events } from './events.ts'
import { setUp } from '../test/support/set-up.ts'

const registries = vi.hoisted<ReadonlyMap<unknown, unknown>[]>(() => {
  // Files of one worker share their modules, and those that another file has loaded hold the real mitt.
  vi.resetModules()
  return []
})
vi.mock('mitt', async (load) => {
  const { default: mitt } = await load<typeof Mitt>()
  return {
    default() {
      const registry = mitt()
      registries.push(registry.all)
      return registry
    },
  }
})

const keys = (): number => registries.reduce((sum, { size }) => sum + size, 0)

describe('a handler that is async and rejects', () => {
  it('is reported as one that throws is, wherever it listens', async () => {
    const { client, network, open, reported } = setUp()
    const rejecting = (place: string) => async (): Promise<never> => {
      await Promise.resolve()
      throw new Error(place)
    }
    client.on('x', rejecting('on'))
    client.once('x', rejecting('once'))
    const offAny = client.onAny(rejecting('onAny'))
    client.onRaw(rejecting('onRaw'))
    for (const kind of ['open', 'down', 'closed', 'settled', 'unhandled'] as const)
      client.watch(kind, rejecting(kind))
    const off = client.subscribe(rejecting('subscribe'))
    client.send('a')
    await open()
    off()
    network.last.message('{"type":"x"}')
    network.last.message('text')
    offAny()
    network.last.message('{"type":"nobody listens"}')
    void client.dispose()
    await settleMicrotasks()
    expect(new Set(reported.map((error) => (error as Error).message))).toEqual(
      new Set([
        'on',
        'once',
        'onAny',
        'onRaw',
        'open',
        'down',
        'closed',
        'settled',
        'unhandled',
        'subscribe',
      ]),
    )
  })
})

describe('names that are used once', () => {
  it.each<[how: string, use: (client: Client, name: string) => unknown]>([
    ['on()', (client, name) => client.on(name, () => {})()],
    [
      'off()',
      (client, name) => {
        const handler = (): void => {}
        client.on(name, handler)
        client.off(name, handler)
      },
    ],
    ['once()', (client, name) => client.once(name, () => {})()],
    ['events()', (client, name) => events(client, name).return?.()],
  ])('are forgotten with their last handler: %s', (_, use) => {
    const { client } = setUp()
    const before = keys()
    for (let n = 0; n < 1_000; n++) use(client, `room:${n}`)
    expect(keys() - before).toBe(0)
  })

  it('are forgotten when `once` was called', async () => {
    const { client, network, open } = setUp()
    await open()
    const before = keys()
    for (const name of ['a', 'b']) client.once(name, () => {})
    expect(keys() - before).toBe(2)
    for (const type of ['a', 'b']) network.last.message(JSON.stringify({ type }))
    expect(keys() - before).toBe(0)
  })

  it('are kept for the handlers that are left', async () => {
    const { client, network, open } = setUp()
    const heard = vi.fn()
    const off = client.on('x', () => {})
    client.on('x', heard)
    off()
    off()
    await open()
    network.last.message('{"type":"x"}')
    expect(heard).toHaveBeenCalledOnce()
  })
})

it('handlers of one event get what they take, and nothing else', async () => {
  const { client, network, open } = setUp()
  const heard = vi.fn<(...values: unknown[]) => void>()
  client.on('x', heard)
  client.onAny(heard)
  await open()
  network.last.message('{"type":"x"}')
  expect(heard.mock.calls).toEqual([[{ type: 'x' }], ['x', { type: 'x' }]])
})

it('an event takes a time that grows as the number of its handlers, and not as the square', async () => {
  const timeOf = async (count: number): Promise<number> => {
    const { client, network, open } = setUp()
    for (let n = 0; n < count; n++) client.on('x', () => {})
    await open()
    const times = Array.from({ length: 10 }, () => {
      const from = performance.now()
      network.last.message('{"type":"x"}')
      return performance.now() - from
    })
    return Math.min(...times)
  }
  const few = await timeOf(1_000)
  expect((await timeOf(32_000)) / few).toBeLessThan(32 * 10)
})
