import { createContext, runInContext } from 'node:vm'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'

// The globals that platforms add to the language. `URL` is not among them: every runtime has it, and it does nothing.
const platform =
  `AbortController AbortSignal BroadcastChannel Buffer CloseEvent Event EventTarget MessageChannel
  MessageEvent SharedWorker TextDecoder TextEncoder WebSocket Worker addEventListener clearInterval clearTimeout
  console crypto dispatchEvent document fetch history indexedDB localStorage location navigator performance process
  queueMicrotask removeEventListener reportError scheduler self sessionStorage setImmediate setInterval setTimeout
  structuredClone window`.split(/\s+/)

let bundle: string
beforeAll(async () => {
  const result = await build({
    stdin: {
      contents: `export * from './index.ts'; export { store } from './store/index.ts'`,
      resolveDir: join(import.meta.dirname, '../../packages/client/src'),
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'Holdfast',
    conditions: ['@holdfast/source'],
  })
  bundle = result.outputFiles[0]!.text
})

/** Runs code in a world that has only the language, and tells which globals of a platform it asked for. */
function touched(code: string): string[] {
  const names: string[] = []
  const world = createContext({ URL })
  for (const name of platform)
    Object.defineProperty(world, name, { get: () => void names.push(name), configurable: true })
  runInContext(`${bundle};${code}`, world)
  return names
}

describe('on a server that renders pages', () => {
  it('importing the package changes no global', () => {
    expect(touched('')).toEqual([])
  })

  it('creating a client changes no global, with any options', () => {
    expect(touched(`Holdfast.createClient({ url: '/socket' })`)).toEqual([])
    expect(
      touched(`Holdfast.createClient({
        url: () => 'ws://test', token: () => 'x', backoff: { baseDelay: 5 }, outbox: { maxMessages: 5 },
        wire: Holdfast.plain({ requests: Holdfast.correlated(), heartbeat: Holdfast.ping({ message: 'ping', isReply: () => true }), greeted: () => true }),
        diagnose: Holdfast.overHttp({ url: '/health' }),
        contract: Holdfast.schemas({ toClient: {}, toServer: {} }),
      })`),
    ).toEqual([])
    expect(
      touched(`Holdfast.createClient({
        url: '/socket', wire: Holdfast.session(), store: Holdfast.store({ name: 'a' }),
      })`),
    ).toEqual([])
  })

  it('using a client that never connects has no side effects', () => {
    expect(
      touched(
        `const client = Holdfast.createClient({ url: '/socket' }); client.on('x', () => {}); client.state; client.stats()`,
      ),
    ).toEqual([])
  })

  it('connecting without a WebSocket names what is missing', () => {
    expect(() => touched(`Holdfast.createClient({ url: '/socket' }).connect()`)).toThrow(/WebSocket/)
    expect(touched(`try { Holdfast.createClient({ url: '/socket' }).connect() } catch {}`)).toEqual([
      'WebSocket',
    ])
  })
})
