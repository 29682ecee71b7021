import { createServer } from 'node:http'
import { expect, expectTypeOf, it } from 'vitest'
import { createHub, isHoldfastError } from './index.ts'
import type { Hub, HubLifecycle, HubOptions } from './index.ts'
import type { kinds } from './lifecycle.ts'

const create = (options: unknown) => (): unknown => createHub(options as HubOptions)
const use = (run: (hub: Hub) => unknown) => (): unknown => run(createHub())

it.each<[what: string, run: () => unknown, told: string]>([
  ['an unknown option', create({ pingIntervall: 1 }), "'pingIntervall' is not one of authenticate, origins"],
  ['an unknown limit', create({ limits: { maxSession: 1 } }), "'maxSession' is not one of maxPayloadBytes"],
  ['an unknown limit of the decoder', create({ limits: { decode: { depth: 1 } } }), 'maxDepth'],
  ['an unknown port', create({ ports: { log() {} } }), "'log' is not one of clock, randomBytes"],
  ['a number of options', create(5), 'write { authenticate, origins'],
  ['a number for limits', create({ limits: 5 }), 'write { maxPayloadBytes'],
  ['a number for ports', create({ ports: 5 }), 'write { clock'],
  [
    'a number for history',
    use((hub) => hub.channels('room', { history: 5 as never })),
    'write { maxMessages',
  ],
  ['an exception that is a number', use((hub) => hub.broadcast('a', 1, { except: 5 as never })), 'except is'],
  ['an exception by its id', use((hub) => hub.broadcast('a', 1, { except: 'id' as never })), 'except is'],
  ['schemas that nobody checks', create({ contract: { toServer: {} } }), 'contract: schemas({'],
  ['authenticate as data', create({ authenticate: { identity: 'a' } }), 'authenticate must be a function'],
  ['an address as text', create({ address: 'x-real-ip' }), 'address must be a function'],
  [
    'an unknown kind',
    use((hub) => hub.watch('error' as never, () => {})),
    "'error' is not one of open, down",
  ],
  ['attach() without a server', use((hub) => hub.attach(undefined as never)), 'hub.attach(server)'],
  ['attach() with a port', use((hub) => hub.attach(8080 as never)), 'hub.attach(server)'],
  ['a path as text', use((hub) => hub.attach(createServer(), '/ws' as never)), "{ path: '/ws' }"],
  ['an option of attach()', use((hub) => hub.attach(createServer(), { url: '/ws' } as never)), 'one of path'],
])('a program without types is told what to write instead of %s', (_, run, told) => {
  try {
    run()
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    expect(error.code).toBe('misuse')
    expect(error.message).toContain(told)
    expect(error.message).toMatch(/\nhttps:\/\/.*\/errors\/misuse\.md$/)
    return
  }
  expect.unreachable()
})

it('an option that is undefined was not given', () => {
  createHub(null as never)
  createHub({ authenticate: undefined, limits: undefined, hello: undefined } as never)
})

type Words<Text extends string> = Text extends `${infer First}, ${infer Rest}` ? First | Words<Rest> : Text

it('the kinds in the message are those that there are', () => {
  expectTypeOf<Words<typeof kinds>>().toEqualTypeOf<keyof HubLifecycle>()
})
