import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, session } from 'holdfast'
import type { Delivery, Lifecycle } from 'holdfast'
import { expect, onTestFinished, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { freePort } from '../support/port.ts'
import { startProxy } from '../support/proxy.ts'
import type { Proxy } from '../support/proxy.ts'
import { next } from '../support/stage.ts'
import { lies, outcomes, upTo } from './pair.ts'
import { perSecond } from './traffic.ts'

expectNothingLeft()

/** What happens to the path right before the server is killed, so that what is under way is lost on one side only. */
const deaths: readonly ((proxy: Proxy) => void)[] = [
  () => {},
  (proxy) => proxy.freeze('toServer'),
  (proxy) => proxy.freeze('toClient'),
]

test('a server that is killed under traffic and comes back: every outcome is true, and the client goes on', async () => {
  await using server = await startKillable()
  await using proxy = await startProxy(server.port)
  await using client = createClient({
    url: `${proxy.url}/ws`,
    wire: session(),
    backoff: { baseDelay: 200, maxDelay: 200 },
  })
  const down: (readonly [life: number, number: number])[] = []
  client.on('down', (data) => down.push(data as [number, number]))
  const losses: Lifecycle['lost'][] = []
  client.watch('lost', (loss) => losses.push(loss))
  const opens: boolean[] = []
  client.watch('open', ({ resumed }) => opens.push(resumed))

  const sent: Delivery[] = []
  const asked: Promise<unknown>[] = []
  using traffic = perSecond(200, () => {
    if (sent.length % 20 === 0)
      asked.push(client.request('ask', asked.length).catch((error: { code: string }) => error.code))
    sent.push(client.send('up', sent.length))
  })

  await client.connect()
  for (const die of deaths) {
    await received(down, 60)
    die(proxy)
    // So many are under way that some are lost on either side.
    const { length } = await server.log()
    const written = (): number => client.stats().unacknowledgedMessages
    if (die !== deaths[0]) await expect.poll(written, { interval: 10 }).toBeGreaterThan(30)
    if (die === deaths[2])
      await expect
        .poll(async () => (await server.log()).length, { interval: 10 })
        .toBeGreaterThan(length + 60)
    const lost = next(client, 'lost')
    await server.kill()
    proxy.heal()
    await server.start()
    await lost
  }
  await received(down, 60)
  traffic.stop()
  const settled = await outcomes(sent)
  const answers = await Promise.all(asked)
  await server.kill()

  const log = await server.log()
  const up = log.filter(([what]) => what === 'up').map(([, number]) => number as number)
  expect(up, 'in order, and nothing twice').toEqual([...new Set(up)].sort((a, b) => a - b))
  expect(lies(settled.entries(), up)).toEqual([])
  expect(new Set(settled)).toEqual(new Set(['delivered', 'unknown: session-lost']))
  const handled = new Set(up)
  const unknown = upTo(sent.length).filter((number) => settled[number] !== 'delivered')
  expect(unknown.filter((number) => handled.has(number)).length, 'unknown, yet handled').toBeGreaterThan(10)
  expect(unknown.filter((number) => !handled.has(number)).length, 'unknown, and not').toBeGreaterThan(10)
  expect(settled.at(-1)).toBe('delivered')

  expect(losses.map(({ why, missed, undelivered }) => [why, missed, undelivered])).toEqual(
    deaths.map(() => ['unknown', undefined, 0]),
  )
  const requests = answers.filter((answer) => answer === 'unknown').length
  expect(losses.reduce((sum, loss) => sum + loss.unknown, 0)).toBeGreaterThanOrEqual(unknown.length)
  expect(losses.reduce((sum, loss) => sum + loss.unknown, 0)).toBeLessThanOrEqual(unknown.length + requests)
  expect(opens).toEqual([false, false, false, false])

  const executed = log.filter(([what]) => what === 'asked').map(([, number]) => number as number)
  expect(executed, 'no request is carried out twice').toEqual([...new Set(executed)].sort((a, b) => a - b))
  for (const [number, answer] of answers.entries()) {
    if (answer === number) expect(executed).toContain(number)
    else expect(answer).toBe('unknown')
  }

  let count = 0
  for (const life of upTo(deaths.length + 1)) {
    const numbers = down.filter(([of]) => of === life).map(([, number]) => number)
    expect(numbers, 'each session from its beginning, without a gap').toEqual(upTo(numbers.length))
    const delivered = log
      .filter(([what, about]) => what === 'delivered' && (about as number[])[0] === life)
      .map(([, about]) => (about as number[])[1]!)
    expect(delivered).toEqual(upTo(delivered.length))
    expect(numbers.length).toBeGreaterThanOrEqual(delivered.length)
    count += delivered.length
  }
  // Of one life it may be none: a server that is busy is killed before it has read the acks.
  expect(count).toBeGreaterThan(0)
})

interface Killable extends AsyncDisposable {
  readonly port: number
  kill(): Promise<void>
  start(): Promise<void>
  log(): Promise<(readonly [what: string, about: unknown])[]>
}

async function startKillable(): Promise<Killable> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'))
  const file = join(folder, 'log')
  const port = await freePort()
  let life = 0
  let child: ChildProcess

  const start = async (): Promise<void> => {
    const script = join(import.meta.dirname, 'restart-server.ts')
    child = fork(script, [String(port), String(life++), file], {
      execArgv: ['--conditions=@holdfast/source'],
    })
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown]
    if (message !== 'listening') throw new Error(`the server ended with ${String(message)}`)
  }
  const kill = async (): Promise<void> => {
    if (child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  // Also when the test has run out of time, and is stuck where it waits.
  onTestFinished(kill)
  await start()
  return {
    port,
    kill,
    start,
    async log() {
      const lines = (await readFile(file, 'utf8')).trim().split('\n')
      return lines.map((line) => JSON.parse(line) as [string, unknown])
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true })
    },
  }
}

/** Waits until so many more have come in. */
async function received(list: readonly unknown[], more: number): Promise<void> {
  const { length } = list
  await expect.poll(() => list.length, { interval: 10 }).toBeGreaterThanOrEqual(length + more)
}
