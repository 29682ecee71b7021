// Throws what no client should send at hubs on an HTTP server. `npm run fuzz` runs it, with the decoders.
import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import type { VirtualClock } from '@holdfast/testing'
import { createSpan } from '../../packages/protocol/test/fuzz/span.ts'
import type { Span } from '../../packages/protocol/test/fuzz/span.ts'
import { beServed } from './decent-client.ts'
import { judge } from './judge.ts'
import { MemorySocket } from './memory-socket.ts'
import { describeInput, makeInput } from './requests.ts'
import type { Input } from './requests.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'

export interface UpgradeResult {
  readonly inputs: number
  /** How many inputs were answered with which last status, and closed with which code, and the events of the hubs. */
  readonly outcomes: Readonly<Record<string, number>>
  /** By how many bytes the heap has grown from the first tenth to the end; only with `--expose-gc`, and after many inputs. */
  readonly growth: number | undefined
}

/** How many clients are connected at once. */
const batch = 64
/** Short times, so that little of the virtual kind has to pass until no session is held. */
const times = { greetingTimeout: 500, pingInterval: 500, sessionTimeout: 500, tombstoneTimeout: 500 }
/** More than a client can stay that does nothing: the 10 s of a session that is not confirmed, and 3 s of a close. */
const longest = 15_000

/**
 * In memory, on a virtual clock, with the real parser of HTTP and real handshakes. At the end the hubs close while clients
 * are in every state.
 *
 * @throws with the seed and the input that broke a promise of hubs
 */
export async function fuzzUpgrades(span: Span, seed: number): Promise<UpgradeResult> {
  const clock = createVirtualClock()
  const scene = createScene({ ...times, ports: { clock } })
  const goesOn = createSpan(span)
  const outcomes: Record<string, number> = {}
  const firstTenth = 'inputs' in span ? span.inputs / 10 : Infinity
  let inputs = 0
  let ports = 0
  let before: number | undefined

  const connect = (): MemorySocket => {
    const socket = new MemorySocket(clock, ++ports)
    scene.server.emit('connection', socket)
    return socket
  }
  const newcomers = (count: number): readonly Player[] =>
    Array.from({ length: count }, (_, index) => ({
      number: inputs + index,
      input: makeInput(seed, inputs + index),
      socket: connect(),
    }))

  try {
    while (goesOn(inputs)) {
      const clients = newcomers('inputs' in span ? Math.min(batch, span.inputs - inputs) : batch)
      const decent = connect()
      await Promise.all([play(clients), beServed(decent, settleMicrotasks)])
      scene.takeUpgrade(decent.remotePort)
      await clock.advance(longest)
      for (const client of clients)
        for (const word of await partFrom(scene, seed, client)) outcomes[word] = (outcomes[word] ?? 0) + 1
      inputs += clients.length
      expectNothingHeld(scene, clock, `up to input ${inputs} of seed ${seed}`)
      if (before === undefined && inputs >= firstTenth) before = heap()
    }
    await settleMicrotasks()
    const after = heap()
    await closeAmidst(scene, clock, newcomers(batch))
    return {
      inputs,
      outcomes: { ...outcomes, ...scene.heard },
      growth: before === undefined || after === undefined ? undefined : after - before,
    }
  } finally {
    scene.dispose()
  }
}

interface Player {
  readonly number: number
  readonly input: Input
  readonly socket: MemorySocket
}

/** All write in turns, so that whatever belongs to all of them is met in every state. */
async function play(clients: readonly Player[]): Promise<void> {
  const turns = Math.max(...clients.map(({ input }) => input.pieces.length))
  for (let turn = 0; turn <= turns; turn++) {
    for (const { input, socket } of clients) {
      const { pieces, ending } = input
      if (turn < pieces.length) socket.feed(pieces[turn]!)
      else if (turn === pieces.length && ending === 'hang up') socket.hangUp()
      else if (turn === pieces.length && ending === 'reset') socket.reset()
    }
    await settleMicrotasks()
  }
}

/** Looks at a connection that had all the time that one may have, gives words for what came of it, and hangs up. */
async function partFrom(
  scene: Scene,
  seed: number,
  { number, input, socket }: Player,
): Promise<readonly string[]> {
  try {
    const upgrade = scene.takeUpgrade(socket.remotePort)
    const words = judge(socket.answer, upgrade, input.ending === 'stay')
    if (upgrade && !socket.destroyed) throw new Error('a request for an upgrade is left alone')
    // A connection without a request is closed by the HTTP server.
    socket.hangUp()
    await settleMicrotasks()
    if (!socket.destroyed) throw new Error('a socket is left')
    return words
  } catch (error) {
    const what = `${String(error)} (seed ${seed}, input ${number})`
    throw new Error(`${what}: ${describeInput(input)}`, { cause: error })
  }
}

async function closeAmidst(scene: Scene, clock: VirtualClock, clients: readonly Player[]): Promise<void> {
  const closing = settleMicrotasks().then(() => Promise.all([scene.closeHubs(), clock.advance(longest)]))
  await Promise.all([play(clients), closing])
  for (const { socket } of clients) {
    const hasOpened = socket.answer.includes('HTTP/1.1 101')
    if (hasOpened && !socket.destroyed) throw new Error('a hub that is closed has left a socket')
    // What others are there is for the HTTP server to be rid of.
    socket.destroy()
  }
  await settleMicrotasks()
  expectNothingHeld(scene, clock, 'after the end of the hubs')
}

function expectNothingHeld({ held, faults }: Scene, { pending }: VirtualClock, when: string): void {
  if (faults.length > 0) throw new Error(`a fault ${when}: ${String(faults[0])}`, { cause: faults[0] })
  if (held() > 0 || pending > 0) throw new Error(`${held()} held and ${pending} timers ${when}`)
}

function heap(): number | undefined {
  const { gc } = globalThis
  if (!gc) return undefined
  gc()
  gc()
  return process.memoryUsage().heapUsed
}
