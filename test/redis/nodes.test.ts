import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { until, upTo } from '../session/pair.ts'
import { expectNothingLeft } from '../support/leaks.ts'
import { RedisServer } from '../support/redis-server.ts'
import { membersOf, startNode, startProcess, visit } from './nodes.ts'

expectNothingLeft()

test('a publication reaches the subscribers of all hubs, in one order and once', async () => {
  await using server = await RedisServer.start()
  await using node = await startNode(server)
  await using other = await startProcess(server.port)
  await using ada = await visit(node.direct)
  await using bob = await visit(other.url)
  const published = upTo(50).map((n) => (n % 2 ? ada : bob).room.publish('n', n))
  published.push(...(upTo(10).map((n) => node.hub.channel('room:1').publish('n', 100 + n)) as never[]))
  const positions = await Promise.all(published)
  await until(() => ada.got.length === 60 && bob.got.length === 60)
  expect(ada.got).toEqual(bob.got)
  expect(positions.map(({ offset }) => ada.got[offset - 1])).toEqual([
    ...upTo(50),
    ...upTo(10).map((n) => 100 + n),
  ])
})

test('a client that comes to another hub recovers what it has missed in full', async () => {
  await using server = await RedisServer.start()
  await using one = await startNode(server)
  await using two = await startNode(server)
  let node = one
  await using ada = await visit('', { url: () => node.direct })
  await ada.room.publish('n', 1)
  await until(() => ada.got.length === 1)
  node = two
  const closed = one.hub.close()
  for (const n of [2, 3, 4]) await two.hub.channel('room:1').publish('n', n)
  await until(() => ada.got.length === 5)
  await closed
  expect(ada.got).toEqual([1, 2, 3, 4, 'recovered 3'])
})

test('the members of a process that is killed leave within their timeout', async () => {
  await using server = await RedisServer.start()
  await using node = await startNode(server, { memberTimeout: 2_000 })
  await using doomed = await startProcess(server.port, 2_000)
  await using ada = await visit(node.direct)
  await using bob = await visit(doomed.url)
  ada.room.presence.set('ada')
  bob.room.presence.set('bob')
  await until(() => membersOf(ada).join() === 'ada,bob')
  const left: unknown[] = []
  ada.room.presence.on('leave', ({ data }) => left.push(data))
  doomed.process.kill('SIGKILL')
  await until(() => left.length > 0)
  expect([left, membersOf(ada)]).toEqual([['bob'], ['ada']])
  expect((await node.hub.channel('room:1').presence()).map(({ data }) => data)).toEqual(['ada'])
})

test('a process that was paused and wakes late removes nobody, and its members come back', async () => {
  await using server = await RedisServer.start()
  await using node = await startNode(server, { memberTimeout: 1_500 })
  await using paused = await startProcess(server.port, 1_500)
  await using ada = await visit(node.direct)
  await using bob = await visit(paused.url)
  ada.room.presence.set('ada')
  bob.room.presence.set('bob')
  await until(() => membersOf(ada).join() === 'ada,bob')
  const changes: unknown[] = []
  for (const kind of ['join', 'leave'] as const)
    ada.room.presence.on(kind, ({ data }) => changes.push(`${kind} ${String(data)}`))
  paused.process.kill('SIGSTOP')
  await until(() => changes.length === 1)
  // Long enough for this hub to have lost its own lease, if the other could take it.
  await sleep(3_000)
  paused.process.kill('SIGCONT')
  await until(() => changes.length === 2)
  await sleep(3_000)
  expect(changes).toEqual(['leave bob', 'join bob'])
  expect(membersOf(ada)).toEqual(['ada', 'bob'])
})
