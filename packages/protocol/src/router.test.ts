import { describe, expect, it } from 'vitest'
import type { Checks } from './schema.ts'
import { createListeners } from './listeners.ts'
import { createRouter } from './router.ts'
import { schemas } from './schemas.ts'
import { createRegistry } from '../test/support/registry.ts'

function setUp(checks?: Checks) {
  const invalid: unknown[] = []
  const unhandled: unknown[] = []
  const router = createRouter<[from: string]>({
    listeners: createListeners(createRegistry(), (error) => {
      throw error
    }),
    incoming: checks,
    invalid: (...values) => invalid.push(values),
    unhandled: (...values) => unhandled.push(values),
  })
  return { router, invalid, unhandled }
}

describe('an event', () => {
  it('reaches the listeners of its name, then those of all, with its sender', () => {
    const { router, unhandled } = setUp()
    const heard: unknown[] = []
    router.onAny((...values) => heard.push(['any', ...values]))
    router.on('a', (...values) => heard.push(['a', ...values]))
    router.event('a', 1, 'me')
    router.event('b', 2, 'me')
    expect(heard).toEqual([
      ['a', 1, 'me'],
      ['any', 'a', 1, 'me'],
      ['any', 'b', 2, 'me'],
    ])
    expect(unhandled).toEqual([])
  })

  it('that nobody listens to is reported, as are text and bytes', () => {
    const { router, unhandled } = setUp()
    router.onRaw(() => {})()
    router.event('a', 1, 'me')
    router.raw('text', 'me')
    expect(unhandled).toEqual([
      [{ name: 'a', data: 1 }, 'me'],
      [{ name: undefined, data: 'text' }, 'me'],
    ])
  })

  it('reaches the listeners of text and bytes if it is none', () => {
    const { router, unhandled } = setUp()
    const heard: unknown[] = []
    router.onRaw((...values) => heard.push(values))
    router.raw('text', 'me')
    expect([heard, unhandled]).toEqual([[['text', 'me']], []])
  })

  it('reaches listeners as its schema made it, or is reported', () => {
    const number = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => (value === '7' ? { value: 7 } : { issues: [{ message: 'not seven' }] }),
      },
    } as const
    const { router, invalid, unhandled } = setUp(schemas({ toClient: { a: number } }).toClient)
    const heard: unknown[] = []
    router.event('a', '7', 'me')
    router.on('a', (...values) => heard.push(values))
    router.event('a', '7', 'me')
    router.event('a', '8', 'me')
    expect(heard).toEqual([[7, 'me']])
    expect(unhandled).toEqual([[{ name: 'a', data: 7 }, 'me']])
    expect(invalid).toEqual([
      [{ reason: 'schema', name: 'a', data: '8', issues: [{ message: 'not seven' }] }, 'me'],
    ])
  })
})
