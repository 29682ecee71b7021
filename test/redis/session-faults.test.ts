// What the store of sessions does when Redis is in trouble: answers that are lost, calls that are late, failovers, kills, no memory.
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisClientLike } from '@holdfast/redis'
import type { Claim, MailboxEntry, ParkedState, ReleaseRequest, SessionToken, Taken } from '@holdfast/server'
import { expect, test } from 'vitest'
import {
  begin,
  end,
  giveBack,
  park as parkScript,
  post,
  take as takeScript,
} from '../../packages/redis/src/sessions/scripts.ts'
import type { RedisSessionNode } from '../../packages/redis/src/sessions/session-node.ts'
import { until } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'
import { Replicated } from '../support/replicated-redis.ts'
import { durable, expectNothingUnhandled, forgetful } from './scene.ts'
import { openNode } from './session-stores.ts'

expectNothingLeft()
expectNothingUnhandled()

const ttl = 60_000
const memberTimeout = 3_000
const missing = { status: 'missing', beginTimeout: memberTimeout, hasForgotten: false } as const
const cursors = { rx: 7, tx: 5, queued: 2 }
const state: ParkedState = {
  text: 'parked',
  format: 1,
  identity: null,
  dials: { client: 'c1', n: 1, others: [] },
  tombstone: cursors,
  mailbox: 0,
  running: [],
}
const closed = { ...cursors, why: 'closed' } as const
const claim: Claim = { keyHash: 'hash', identity: null, client: 'c1', n: 2 }

interface Hub extends AsyncDisposable {
  readonly node: RedisSessionNode
  readonly asked: ReleaseRequest[]
  readonly lost: string[]
}

function join(client: RedisClientLike): Hub {
  const asked: ReleaseRequest[] = []
  const lost: string[] = []
  const node = openNode(
    client,
    { timeout: 2_000, memberTimeout },
    {
      asked: (request) => void asked.push(request),
      posted() {},
      aborted() {},
      lost: (session) => void lost.push(session),
    },
  )
  return { node, asked, lost, [Symbol.asyncDispose]: () => node.close().catch(() => {}) }
}

const scripts = { begin, end, giveBack, park: parkScript, post, take: takeScript }
type Script = keyof typeof scripts

/** A client whose next call of a script is executed, or not yet, and is not answered. */
class Saboteur implements RedisClientLike {
  readonly #client: RedisClientLike
  #script: Script | undefined
  #isLate = false
  #executeLate: (() => Promise<unknown>) | undefined

  constructor(client: RedisClientLike) {
    this.#client = client
  }

  get options(): unknown {
    return (this.#client as { readonly options?: unknown }).options
  }

  /** The answer to the next call of the script is lost. */
  lose(script: Script): void {
    this.#script = script
    this.#isLate = false
  }

  /** The next call of the script fails, and is executed by `execute`. */
  hold(script: Script): void {
    this.#script = script
    this.#isLate = true
  }

  async execute(): Promise<unknown> {
    return await this.#executeLate!()
  }

  duplicate(overrides?: object): unknown {
    const client = this.#client.duplicate(overrides) as {
      sendCommand(args: readonly string[]): Promise<unknown>
    }
    const send = client.sendCommand.bind(client)
    client.sendCommand = async (args) => {
      const script = this.#script
      if (script === undefined || args[0] !== 'EVALSHA' || args[1] !== scripts[script].hash)
        return await send(args)
      this.#script = undefined
      const execute = (): Promise<unknown> => send(['EVAL', scripts[script].text, ...args.slice(2)])
      if (this.#isLate) this.#executeLate = execute
      else await execute()
      throw new Error('Socket closed unexpectedly')
    }
    return client
  }
}

/** Calls until there is an answer, as a hub does. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch {
      await sleep(20)
    }
  }
}

async function take({ node }: Hub, n = 2): Promise<Taken> {
  return await answered(() => node.take('s', { ...claim, n }, { format: 1 }))
}

async function taken(hub: Hub, n = 2): Promise<SessionToken> {
  const answer = await take(hub, n)
  if (answer.status !== 'yours') throw new Error(`it is ${answer.status}`)
  return answer.token
}

/** Resolves when no hub has the session: if Redis may have forgotten it, that is certain some time later. */
async function isGone({ node }: Hub, id: string): Promise<void> {
  for (;;) {
    const answer = await answered(() => node.take(id, claim, { format: 1 }))
    if (answer.status === 'unknown' || (answer.status === 'missing' && !answer.hasForgotten)) return
    expect(answer.status).toBe('missing')
    await sleep(50)
  }
}

const begun = ({ node }: Hub): Promise<SessionToken> => answered(() => node.begin('s', claim.keyHash))

const park = ({ node }: Hub, token: SessionToken, changes: Partial<ParkedState> = {}): Promise<boolean> =>
  answered(() => node.park('s', token, { ...state, ...changes }, ttl))

async function texts({ node }: Hub, position = 0): Promise<string[]> {
  return (await answered(() => node.readMailbox('s', position))).map(({ text }) => text)
}

/** Two hubs on a Redis of their own, of which the first loses answers. */
async function setUp(): Promise<
  AsyncDisposable & { a: Hub; b: Hub; saboteur: Saboteur; server: RedisServer }
> {
  const server = await RedisServer.start()
  const saboteur = new Saboteur(server.client)
  const [a, b] = [join(saboteur), join(server.client)]
  return {
    a,
    b,
    saboteur,
    server,
    async [Symbol.asyncDispose]() {
      for (const each of [a, b, server]) await each[Symbol.asyncDispose]()
    },
  }
}

test('a session whose begin is not answered begins once', async () => {
  await using scene = await setUp()
  const { a, b, saboteur } = scene
  saboteur.lose('begin')
  await expect(a.node.begin('s', claim.keyHash)).rejects.toMatchObject({ reason: 'unavailable' })
  const token = await begun(a)
  expect(await take(b)).toEqual({ status: 'elsewhere' })
  await until(() => a.asked.length > 0)
  expect(a.asked[0]).toEqual({ session: 's', token, claim })
})

test('a park that is not answered is repeated, and one that comes late finds the session gone', async () => {
  await using scene = await setUp()
  const { a, b, saboteur } = scene
  let token = await begun(a)
  saboteur.lose('park')
  expect(await park(a, token)).toBe(true)
  token = await taken(b)
  expect(await park(b, token, { text: 'by b' })).toBe(true)
  token = await taken(a)
  saboteur.hold('park')
  expect(await park(a, token, { text: 'by a' })).toBe(true)
  token = await taken(b)
  await saboteur.execute()
  expect(await park(b, token)).toBe(true)
})

test('a take that is not answered is repeated, or the session given back', async () => {
  await using scene = await setUp()
  const { a, b, saboteur } = scene
  await park(a, await begun(a))
  saboteur.lose('take')
  expect((await taken(a)).attempt).toBeGreaterThan(2)
  await scene.a.node.giveBack('s', { node: a.node.name, attempt: 1 })
  expect(await take(b)).toEqual({ status: 'elsewhere' })
  await until(() => a.asked.length > 0)
  saboteur.lose('giveBack')
  await answered(() => a.node.giveBack('s', a.asked[0]!.token))
  await taken(b)
})

test('a take that comes late takes nothing from the hub that has the session', async () => {
  await using scene = await setUp()
  const { a, b, saboteur } = scene
  await park(b, await begun(b))
  saboteur.hold('take')
  await expect(a.node.take('s', claim, { format: 1 })).rejects.toMatchObject({ reason: 'unavailable' })
  const token = await taken(b)
  expect(await saboteur.execute()).toEqual(['elsewhere', b.node.name, expect.any(String)])
  expect(await park(b, token)).toBe(true)
})

test('a session that a hub does not know that it was given goes back as soon as another hub asks for it', async () => {
  await using scene = await setUp()
  const { a, b, server } = scene
  await park(a, await begun(a))
  // What a process does that has forgotten all but its name.
  const keys = ['', ':b', ':m', ':r'].map((part) => `holdfast:{s:${hashOfS}}${part}`)
  const args = [a.node.name, '99', claim.keyHash, '', 'c1', '2', '1', '0', '60000']
  await server.command('EVAL', scripts.take.text, '4', ...keys, ...args)
  expect(await take(b)).toEqual({ status: 'elsewhere' })
  await until(() => a.asked.length > 0)
  await a.node.giveBack('s', a.asked[0]!.token)
  await taken(b)
})
/** The SHA-256 of the id. */
const hashOfS = 'BDpxh3TFcr2KJa2-sb_NXAJWrhHOz5-cP5JdDlK-r4k'

test('a post and an end that are not answered are repeated, and have their effects once', async () => {
  await using scene = await setUp()
  const { a, b, saboteur } = scene
  await park(a, await begun(a), { running: [4] })
  const token = await taken(b)
  for (const entry of [
    { text: '1' },
    { text: 'answer', answers: 4 },
    { text: '2' },
  ] satisfies MailboxEntry[]) {
    saboteur.lose('post')
    expect(await answered(() => a.node.post('s', entry))).toBe('posted')
  }
  expect(await texts(b)).toEqual(['1', 'answer', '2'])
  expect(await park(b, token, { mailbox: 3 })).toBe(true)
  const last = await taken(a)
  saboteur.lose('end')
  expect(await answered(() => a.node.end('s', last, closed))).toBe(true)
  expect(await take(b)).toEqual({ status: 'ended', tombstone: closed })
})

test('Redis has no memory left: parks and posts fail and may be repeated, takes and ends go on', async () => {
  await using scene = await setUp()
  const { a, b, server } = scene
  const token = await begun(a)
  const memory = (size: string): Promise<unknown> => server.command('CONFIG', 'SET', 'maxmemory', size)
  await memory('1')
  await expect(a.node.park('s', token, state, ttl)).rejects.toThrow('OOM')
  expect(await take(b)).toEqual({ status: 'elsewhere' })
  await memory('0')
  expect(await park(a, token)).toBe(true)
  await memory('1')
  const last = await taken(b)
  await expect(a.node.post('s', { text: '1' })).rejects.toThrow('OOM')
  expect(await b.node.end('s', last, closed)).toBe(true)
  await memory('0')
  expect(await take(a)).toEqual({ status: 'ended', tombstone: closed })
})

test('a session that is too large to be parked ends as overflow, with its cursors', async () => {
  await using scene = await setUp()
  const { a, b } = scene
  expect(await park(a, await begun(a), { text: 'ü'.repeat(50_001) })).toBe(true)
  expect(await take(b)).toEqual({ status: 'ended', tombstone: { ...cursors, why: 'overflow' } })
})

test.each([
  ['with its data', durable],
  ['without its data', forgetful],
])(
  'Redis is killed and started again %s: what was parked is lost, and what hubs have stays theirs',
  async (_, options) => {
    await using server = await RedisServer.start(options)
    await using a = join(server.client)
    await using b = join(server.client)
    const token = await begun(a)
    const other = await answered(() => a.node.begin('other', claim.keyHash))
    await answered(() => a.node.park('other', other, state, ttl))
    await server.kill()
    await server.start()
    while ((await take(b)).status !== 'elsewhere') await sleep(20)
    await isGone(b, 'other')
    expect(await park(a, token)).toBe(true)
    await taken(b)
  },
)

test('Redis is emptied: until its hubs have said again what they have, it says that it has forgotten something', async () => {
  await using server = await RedisServer.start(forgetful)
  await using a = join(server.client)
  await using b = join(server.client)
  const token = await begun(a)
  await server.command('FLUSHALL')
  const answers = new Set<string>()
  for (let answer = await take(b); answer.status !== 'elsewhere'; answer = await take(b)) {
    answers.add(JSON.stringify(answer))
    await sleep(20)
  }
  expect([...answers]).toEqual([JSON.stringify({ ...missing, hasForgotten: true })])
  expect(await park(a, token)).toBe(true)
  await taken(b)
})

test('a session of which Redis does not know yet is missing, and nothing is forgotten', async () => {
  await using server = await RedisServer.start(forgetful)
  await using a = join(server.client)
  await using b = join(server.client)
  expect(await take(b)).toEqual(missing)
  await begun(a)
  expect(await take(b)).toEqual({ status: 'elsewhere' })
})

/** Two hubs on a Redis that is about to fail over. */
async function setUpReplicated(): Promise<
  AsyncDisposable & {
    a: Hub
    b: Hub
    saboteur: Saboteur
    failOver: () => Promise<void>
    lag: () => Promise<void>
  }
> {
  const servers = await Replicated.start()
  const { addresses } = servers
  const saboteur = new Saboteur(addresses[0].client)
  const [a, b] = [join(saboteur), join(addresses[1].client)]
  return {
    a,
    b,
    saboteur,
    lag: () => servers.lag(),
    failOver: () => servers.failOver(),
    async [Symbol.asyncDispose]() {
      for (const each of [a, b, servers]) await each[Symbol.asyncDispose]()
    },
  }
}

test('Redis fails over and forgets a take: no other hub gets the session, and the one that has it goes on', async () => {
  await using scene = await setUpReplicated()
  const { a, b } = scene
  await park(a, await begun(a))
  await scene.lag()
  const token = await taken(b)
  await scene.failOver()
  const first = await take(a)
  expect(['unknown', 'elsewhere']).toContain(first.status)
  while ((await take(a)).status !== 'elsewhere') await sleep(20)
  expect(await park(b, token, { text: 'by b' })).toBe(true)
  expect(await take(a)).toMatchObject({ status: 'yours', text: 'by b' })
  expect([...a.lost, ...b.lost]).toEqual([])
})

test('Redis fails over and forgets a park that was answered: nobody gets the session', async () => {
  await using scene = await setUpReplicated()
  const { a, b } = scene
  const token = await begun(a)
  await scene.lag()
  expect(await park(a, token)).toBe(true)
  await scene.failOver()
  // The first hub may not listen to the new primary yet.
  do {
    expect(await take(b)).toEqual({ status: 'elsewhere' })
    await sleep(20)
  } while (a.asked.length === 0)
  await answered(() => a.node.giveBack('s', a.asked[0]!.token))
  await isGone(b, 's')
})

test('Redis fails over while a park is not answered: the session is nowhere', async () => {
  await using scene = await setUpReplicated()
  const { a, b, saboteur } = scene
  const token = await begun(a)
  await scene.lag()
  saboteur.lose('park')
  await expect(a.node.park('s', token, state, ttl)).rejects.toMatchObject({ reason: 'unavailable' })
  await scene.failOver()
  expect(await park(a, token)).toBe(false)
  expect((await take(b)).status).not.toBe('yours')
})

test('Redis fails over before a park is sent: the hub says that it has the session, and parks it', async () => {
  await using scene = await setUpReplicated()
  const { a, b } = scene
  await scene.lag()
  const token = await begun(a)
  await scene.failOver()
  expect(await park(a, token)).toBe(true)
  await taken(b)
})

test('Redis fails over and forgets an end: the hub that ended the session ends it again', async () => {
  await using scene = await setUpReplicated()
  const { a, b, saboteur } = scene
  const token = await begun(a)
  await scene.lag()
  saboteur.lose('end')
  await expect(a.node.end('s', token, closed)).rejects.toMatchObject({ reason: 'unavailable' })
  await scene.failOver()
  expect(await answered(() => a.node.end('s', token, closed))).toBe(true)
  expect(await take(b)).toEqual({ status: 'ended', tombstone: closed })
})

test('Redis fails over and forgets posts: none comes twice, later ones arrive, and requests are interrupted', async () => {
  await using scene = await setUpReplicated()
  const { a, b, saboteur } = scene
  await park(a, await begun(a), { running: [4, 5] })
  await scene.lag()
  // Its answer is in the mailbox when the session is taken, and not read.
  await a.node.post('s', { text: 'answer 4', answers: 4 })
  const token = await taken(b)
  const unanswered = { text: '1' }
  saboteur.lose('post')
  await expect(a.node.post('s', unanswered)).rejects.toMatchObject({ reason: 'unavailable' })
  await scene.failOver()
  expect(await answered(() => a.node.post('s', unanswered))).toBe('posted')
  expect(await answered(() => a.node.post('s', { text: '2' }))).toBe('posted')
  expect(await texts(b)).toEqual(['2'])
  await answered(() => b.node.interrupt('s', (request) => `interrupted ${request}`))
  expect((await texts(b, 1)).sort()).toEqual(['interrupted 4', 'interrupted 5'])
  // The handler of the other one is done.
  await answered(() => a.node.post('s', { text: 'answer 5', answers: 5 }))
  expect(await texts(b, 3)).toEqual([])
  expect(await park(b, token, { mailbox: 3 })).toBe(true)
})

test('Redis fails over and forgets what a hub has read: it reads on where it was', async () => {
  await using scene = await setUpReplicated()
  const { a, b } = scene
  await park(a, await begun(a))
  await taken(b)
  await scene.lag()
  for (const text of ['1', '2']) await a.node.post('s', { text })
  expect(await texts(b)).toEqual(['1', '2'])
  await scene.failOver()
  expect(await answered(() => a.node.post('s', { text: '3' }))).toBe('posted')
  expect(await texts(b, 2)).toEqual(['3'])
})
