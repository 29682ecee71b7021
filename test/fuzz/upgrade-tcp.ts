// The same inputs as in memory, on real sockets and real clocks: slower, and with what only those have.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { judge } from './judge.ts'
import { describeInput, makeInput } from './requests.ts'
import type { Input } from './requests.ts'
import { createScene } from './scene.ts'
import type { Scene } from './scene.ts'

/** Short, so that even those that only wait are gone soon. */
const times = { greetingTimeout: 300, pingInterval: 300, sessionTimeout: 300, tombstoneTimeout: 300 }
const serverTimes = {
  headersTimeout: 1_000,
  requestTimeout: 1_000,
  connectionsCheckingInterval: 100,
  keepAliveTimeout: 1_000,
}
/** Longer than a hub and a server may take to close any connection, on a busy machine. */
const patience = 30_000
/** How many clients are connected at once. */
const batch = 250

/**
 * Every client waits until the server has closed its connection, unless it breaks it.
 *
 * @throws with the seed and the input that broke a promise of hubs
 */
export async function fuzzUpgradesOverTcp(
  inputs: number,
  seed: number,
): Promise<Readonly<Record<string, number>>> {
  const scene = createScene(times, serverTimes)
  const { server } = scene
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const outcomes: Record<string, number> = {}
  try {
    for (let first = 0; first < inputs; first += batch) {
      const numbers = Array.from({ length: Math.min(batch, inputs - first) }, (_, index) => first + index)
      const words = await Promise.all(
        numbers.map(async (number) => {
          const input = makeInput(seed, number)
          try {
            return await play(scene, port, input)
          } catch (error) {
            const what = `${String(error)} (seed ${seed}, input ${number} over TCP)`
            throw new Error(`${what}: ${describeInput(input)}`, { cause: error })
          }
        }),
      )
      for (const word of words.flat()) outcomes[word] = (outcomes[word] ?? 0) + 1
      await untilNothingIsHeld(scene.held)
      if (scene.faults.length > 0)
        throw new Error(`a fault after input ${first} of seed ${seed} over TCP`, { cause: scene.faults[0] })
    }
    await scene.closeHubs()
    return outcomes
  } finally {
    server.closeAllConnections()
    server.close()
    scene.dispose()
  }
}

async function play(scene: Scene, port: number, { pieces, ending }: Input): Promise<readonly string[]> {
  const socket = connect(port, '127.0.0.1')
  const answer: Buffer[] = []
  socket.on('data', (chunk) => answer.push(chunk))
  // A server may break what it does not like, and the close follows.
  socket.on('error', () => {})
  const closed = closeOf(socket)
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed])
  const { localPort } = socket
  for (const piece of pieces) {
    write(socket, piece)
    await turn()
  }
  if (ending === 'hang up') socket.end()
  if (ending === 'reset') socket.resetAndDestroy()
  await closed
  const upgrade = scene.takeUpgrade(localPort ?? 0)
  // What was under way when the connection broke may be cut off anywhere.
  if (ending === 'reset') return ['reset']
  return judge(Buffer.concat(answer), upgrade, false)
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server leaves a socket alone')), patience)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function write(socket: Socket, piece: Uint8Array): void {
  if (socket.writable) socket.write(piece)
}

/** Sessions outlive their connections for a while. */
async function untilNothingIsHeld(held: () => number): Promise<void> {
  const until = performance.now() + patience
  while (held() > 0) {
    if (performance.now() > until) throw new Error(`${held()} are held though nobody is connected`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
