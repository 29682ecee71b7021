// A session that another node has, while its old connection is still there as far as that node knows.
import { expect, test } from 'vitest'
import { startProxy } from '../support/proxy.ts'
import type { Stage } from './stage.ts'

export function testClaims(open: () => Promise<Stage>): void {
  test('a client comes to another node while its connection is half open at the first: its session goes on, and nothing is lost or doubled', async () => {
    await using stage = await open()
    const [one, two] = [await stage.nodes.start(), await stage.nodes.start()]
    await using path = await startProxy(one.port)
    await stage.goTo({ url: `${path.url}/ws` })
    let arrivals = 1
    for (const direction of ['both', 'toServer', 'toClient'] as const) {
      await stage.joined(arrivals)
      arrivals += 2
      path.freeze(direction)
      await stage.goTo(two)
      // What was held up arrives at a node that does not have the session any more.
      path.heal()
      await stage.goTo({ url: `${path.url}/ws` })
    }
    const { opens, resumes, moves } = await stage.end()
    expect({ opens, resumes, moves }).toEqual({ opens: 1, resumes: 6, moves: 6 })
  })

  test('a client that comes to one node after the other, without a pause, has its session wherever it stays', async () => {
    await using stage = await open()
    const nodes = [await stage.nodes.start(), await stage.nodes.start(), await stage.nodes.start()]
    await stage.goTo(nodes[0]!)
    for (let round = 0; round < 30; round++) await stage.goTo(nodes[(round + 1) % 3]!)
    const { opens, resumes } = await stage.end()
    expect({ opens, resumes }).toEqual({ opens: 1, resumes: 30 })
  })

  test('two nodes get the greeting of a client at once: one has the session in the end, and nothing is lost or doubled', async () => {
    await using stage = await open()
    const [one, two, three] = [
      await stage.nodes.start(),
      await stage.nodes.start(),
      await stage.nodes.start(),
    ]
    await using detour = await startProxy(two.port)
    await stage.goTo(one)
    for (let round = 0; round < 5; round++) {
      // The greeting of a dial that the client has given up reaches its node together with that of the next dial.
      detour.freeze('toServer')
      stage.target = `${detour.url}/ws`
      const dialed = detour.dialed()
      stage.redial()
      await dialed
      const gone = stage.goTo(round % 2 ? one : three)
      detour.heal()
      await gone
    }
    const { opens, losses } = await stage.end()
    expect({ opens, losses }).toEqual({ opens: 1, losses: {} })
  })
}
