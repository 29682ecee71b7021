import { describe, expect, expectTypeOf, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import {
  correlated,
  createClient,
  diagnosis,
  isHoldfastError,
  overHttp,
  ping,
  plain,
  session,
} from './index.ts'
import type { ClientOptions, Lifecycle } from './index.ts'
import type { kinds } from './create-client.ts'
import type { names } from './options.ts'
import { store } from './store/index.ts'

const url = 'ws://test/socket'

function misuseOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    expect(error.code).toBe('misuse')
    expect(error.message).toMatch(/\nhttps:\/\/.*\/errors\/misuse\.md$/)
    return error.message
  }
  return expect.unreachable()
}

const create = (options?: unknown) => (): unknown => createClient(options as ClientOptions)

describe('a program without types is told what to write', () => {
  it.each<[what: string, run: () => unknown, told: string]>([
    ['createClient()', create(), 'url must be like ws://'],
    ['a URL in place of options', create('ws://test'), 'write { url, token, '],
    ['no options', create(null), 'url must be like ws://'],
    ['a URL without a scheme', create({ url: 'localhost:8080' }), 'not localhost:8080'],
    ['a wire that was not called', create({ url, wire: session }), 'wire: session()'],
    ['a wire by its name', create({ url, wire: 'session' }), 'wire: session()'],
    ['a store that is none', create({ url, wire: session(), store: true }), 'store: store({ name })'],
    ['a diagnosis that is a URL', create({ url, diagnose: '/health' }), 'diagnose: overHttp()'],
    ['a function as a diagnosis', create({ url, diagnose: () => undefined }), 'diagnose: overHttp()'],
    ['a diagnosis without a function', () => diagnosis('/health' as never), 'write diagnosis('],
    [
      'requests that were not called',
      () => plain({ requests: correlated as never }),
      'requests: correlated()',
    ],
    ['schemas that nobody checks', create({ url, contract: { toClient: {} } }), 'contract: schemas({'],
    ['an unknown option', create({ url, reconnect: true }), "'reconnect' is not one of url, token, wire"],
    [
      'an unknown bound of the queue',
      create({ url, outbox: { maxSize: 1 } }),
      "'maxSize' is not one of maxM",
    ],
    ['an unknown delay', create({ url, backoff: { delay: 1 } }), "'delay' is not one of minDelay, baseDelay"],
    ['a number for delays', create({ url, backoff: 5 }), 'write { minDelay, baseDelay'],
    ['a number for the queue', create({ url, outbox: 5 }), 'write { maxMessages, maxBytes'],
    ['an unknown port', create({ url, ports: { log() {} } }), "'log' is not one of clock, random"],
    ['a number for a port of the store', () => store({ name: 'a', ports: 5 as never }), 'write { databases'],
    ['a number for the options of a wire', () => session(5 as never), 'write { maxPayloadBytes, window }'],
    ['a shape that there is not', () => plain({ shape: 'nested' as never }), "'flat' or 'envelope'"],
    [
      'an option of a ping that there is not',
      () => ping({ every: 1 } as never),
      "'every' is not one of mess",
    ],
    ['a ping without a message', () => ping({ isReply: () => true } as never), 'ping({ message, isReply })'],
    ['a path for the diagnosis', () => overHttp('/health' as never), 'write { url }'],
    ['an option of another wire', () => session({ shape: 'flat' } as never), "'shape' is not one of maxPay"],
    ['an option that plain() lacks', () => plain({ window: 1 } as never), "'window' is not one of shape"],
    [
      'an option that store() lacks',
      () => store({ name: 'a', wire: 1 } as never),
      "'wire' is not one of name",
    ],
    ['a negative time', create({ url, attemptTimeout: -1 }), 'attemptTimeout must be a number of 0 or more'],
    [
      'an unknown overflow',
      create({ url, outbox: { overflow: 'drop' } }),
      'overflow must be reject or drop-oldest',
    ],
    [
      'a close rule without a reason',
      create({ url, closeCodes: { 4000: {} } }),
      'closeCodes 4000 must be { reason }',
    ],
    ['a close code of the protocol', () => setUp().client.disconnect({ code: 1006 }), '1000 or 3000 to 4999'],
    ['a store without a name', () => store({} as never), 'write store({ name })'],
    ['a token as text', create({ url, token: 'abc' }), 'token: () => token'],
    ['an option of a name that objects have', create({ url, constructor: 1 }), "'constructor' is not one of"],
    [
      'an unknown kind',
      () => setUp().client.watch('error' as never, () => {}),
      "'error' is not one of open, down",
    ],
    [
      'a kind that objects have',
      () => setUp().client.watch('toString' as never, () => {}),
      'is not one of open',
    ],
  ])('instead of %s', (_, run, told) => {
    expect(misuseOf(run)).toContain(told)
  })

  it('and may leave out what it does not want', () => {
    createClient({ url, wire: plain(null as never), backoff: null, outbox: null, ports: null } as never)
    createClient({ url, wire: null } as never)
    session(null as never)
    createClient({ url, store: undefined, wire: undefined, diagnose: undefined } as never)
  })
})

type Words<Text extends string> = Text extends `${infer First}, ${infer Rest}` ? First | Words<Rest> : Text

it('the names in the messages are those that there are', () => {
  expectTypeOf<Words<typeof names>>().toEqualTypeOf<keyof ClientOptions | 'contract'>()
  expectTypeOf<Words<typeof kinds>>().toEqualTypeOf<keyof Lifecycle>()
})
