import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { stages } from './stages.ts'
import type { AnySocket, Stage } from './stages.ts'

expectNothingLeft()

interface Ends {
  readonly client: AnySocket
  readonly server: AnySocket
}

/** A connection that is open at both ends. */
async function open(stage: Stage): Promise<Ends> {
  const client = stage.dial()
  const server = await stage.accepted()
  await stage.heard(1)
  stage.log.client.length = 0
  return { client, server }
}

function nameOf(run: () => unknown): string {
  try {
    run()
    return 'fine'
  } catch (error) {
    return (error as Error).name
  }
}

describe.each(Object.entries(stages))('%s', (_, { flavor, lacks, open: openStage }) => {
  const isBrowser = flavor === 'browser'
  /** A case, and the events at both ends. */
  const play = (title: string, run: (stage: Stage) => Promise<void>): void => {
    test(title, async () => {
      await using stage = await openStage()
      await run(stage)
    })
  }

  play('opens with the subprotocol that the server chose', async (stage) => {
    const client = stage.dial(['x', 'y'])
    expect([client.readyState, client.protocol, client.bufferedAmount]).toEqual([0, '', 0])
    const server = await stage.accepted()
    await stage.heard(1)
    expect([client.readyState, client.protocol, server.protocol, server.readyState]).toEqual([1, 'x', 'x', 1])
    expect(stage.log.client).toEqual(['open, 1'])
  })

  play('brings what the server says at once after it is open', async (stage) => {
    stage.greet((socket) => socket.send('welcome'))
    stage.dial()
    await stage.heard(2)
    expect(stage.log.client).toEqual(['open, 1', 'welcome, 1'])
  })

  play('throws for what can never be dialed', async (stage) => {
    const dials: [string, string[]?][] = [
      ['nonsense'],
      ['ftp://127.0.0.1/'],
      ['ws://127.0.0.1/', ['a', 'a']],
      ['ws://127.0.0.1/', ['a b']],
      ['ws://127.0.0.1/', ['']],
    ]
    for (const dial of dials)
      expect(
        nameOf(() => stage.construct(...dial)),
        JSON.stringify(dial),
      ).toBe('SyntaxError')
  })

  play('is refused where nobody listens', async (stage) => {
    const client = stage.dialNobody()
    await stage.heard(2)
    expect(stage.log.client).toEqual([isBrowser ? 'error, 3' : 'error, 2', 'broken 1006, 3'])
    expect(client.readyState).toBe(3)
  })

  play('can be given up before it is open', async (stage) => {
    const client = stage.dial()
    client.close(isBrowser ? 4001 : 1000)
    expect(client.readyState).toBe(2)
    await stage.heard(2)
    expect(stage.log.client).toEqual([isBrowser ? 'error, 3' : 'error, 2', 'broken 1006, 3'])
  })

  play('refuses to send before it is open', async (stage) => {
    const client = stage.dial()
    expect(nameOf(() => client.send('early'))).toBe(isBrowser ? 'InvalidStateError' : 'Error')
    await stage.heard(1)
  })

  play('carries text and bytes both ways, in order', async (stage) => {
    const { client, server } = await open(stage)
    const bytes = Uint8Array.of(1, 2, 3)
    client.send('a\ud800é')
    client.send(bytes)
    server.send('b')
    server.send(bytes.subarray(1))
    for (let index = 0; index < 50; index++) client.send(`${index}`)
    await stage.heard(2, 52)
    expect(stage.log.client).toEqual(['b, 1', 'bytes 2 3, 1'])
    const numbers = [...Array(50).keys()].map((index) => `${index}, 1`)
    expect(stage.log.server).toEqual(['a\ufffdé, 1', 'bytes 1 2 3, 1', ...numbers])
  })

  play('closes with the code and the reason of the client', async (stage) => {
    const { client } = await open(stage)
    client.send('last')
    client.close(4001, 'bye')
    expect(client.readyState).toBe(2)
    await stage.heard(1, 2)
    expect(stage.log).toEqual({ client: ['closed 4001 bye, 3'], server: ['last, 1', 'closed 4001 bye, 3'] })
  })

  play('closes with the code and the reason of the server', async (stage) => {
    const { server } = await open(stage)
    server.send('last')
    server.close(1012, 'restart')
    expect(server.readyState).toBe(2)
    await stage.heard(2, 1)
    expect(stage.log).toEqual({
      client: ['last, 1', 'closed 1012 restart, 3'],
      server: [lacks?.reasonInAnswer ? 'closed 1012, 3' : 'closed 1012 restart, 3'],
    })
  })

  play('closes without a code as 1005', async (stage) => {
    const { client } = await open(stage)
    client.close()
    await stage.heard(1, 1)
    expect(stage.log).toEqual({ client: ['closed 1005, 3'], server: ['closed 1005, 3'] })
  })

  play('closes with the code of the other when both close at once', async (stage) => {
    const { client, server } = await open(stage)
    client.close(4001)
    server.close(4002)
    await stage.heard(1, 1)
    expect(stage.log).toEqual({ client: ['closed 4002, 3'], server: ['closed 4001, 3'] })
  })

  play('closes once', async (stage) => {
    const { client } = await open(stage)
    client.close(4001)
    client.close(4002)
    await stage.heard(1, 1)
    client.close(4003)
    expect(stage.log).toEqual({ client: ['closed 4001, 3'], server: ['closed 4001, 3'] })
  })

  play('refuses codes and reasons that it cannot close with', async (stage) => {
    const { client, server } = await open(stage)
    const [badCode, badReason] = isBrowser
      ? ['InvalidAccessError', 'SyntaxError']
      : ['TypeError', 'RangeError']
    for (const code of [999, 1005, 1006, 2999, 5000])
      expect(
        nameOf(() => client.close(code)),
        `${code}`,
      ).toBe(badCode)
    expect(nameOf(() => client.close(1000, 'é'.repeat(62)))).toBe(badReason)
    expect(nameOf(() => server.close(1006))).toBe('TypeError')
    if (isBrowser) expect(nameOf(() => client.close(1001))).toBe(badCode)
    else {
      client.close(1001)
      await stage.heard(1, 1)
      expect(stage.log.server).toEqual(['closed 1001, 3'])
    }
  })

  play('waits for the other end while it is closing, and counts what is sent meanwhile', async (stage) => {
    const { client } = await open(stage)
    stage.hold()
    client.close(4001)
    await stage.moment()
    expect([client.readyState, stage.log.client]).toEqual([2, []])
    const before = client.bufferedAmount
    client.send('12345')
    client.send(Uint8Array.of(6, 7))
    expect(client.bufferedAmount - before).toBe(lacks?.lateBytes ? 0 : 7)
    stage.release()
    await stage.heard(1, 1)
    expect(stage.log).toEqual({ client: ['closed 4001, 3'], server: ['closed 4001, 3'] })
    if (lacks?.lateBytes) return
    expect(client.bufferedAmount).toBe(7)
    client.send('890')
    expect(client.bufferedAmount).toBe(10)
  })

  play('has sent everything when bufferedAmount is back to zero', async (stage) => {
    const { client } = await open(stage)
    client.send('x'.repeat(1_000))
    await stage.heard(0, 1)
    expect(client.bufferedAmount).toBe(0)
  })

  play(`${isBrowser ? 'drops' : 'brings'} what arrives while it is closing`, async (stage) => {
    const { client, server } = await open(stage)
    server.send('on its way')
    client.close(4001)
    await stage.heard(isBrowser ? 1 : 2, 1)
    expect(stage.log.client).toEqual([...(isBrowser ? [] : ['on its way, 2']), 'closed 4001, 3'])
  })

  play('brings to a server that is closing what the client had sent', async (stage) => {
    const { client, server } = await open(stage)
    client.send('on its way')
    server.close(1001)
    await stage.heard(1, 2)
    expect(stage.log).toEqual({ client: ['closed 1001, 3'], server: ['on its way, 2', 'closed 1001, 3'] })
  })

  play('breaks when the server drops the connection', async (stage) => {
    const { server } = await open(stage)
    server.terminate!()
    expect(server.readyState).toBe(2)
    await stage.heard(lacks?.silentDrop ? 2 : 1, 1)
    expect(stage.log).toEqual({
      client: [...(lacks?.silentDrop ? ['error, 3'] : []), 'broken 1006, 3'],
      server: ['broken 1006, 3'],
    })
  })

  if (!isBrowser)
    play('breaks for the server when the client drops the connection', async (stage) => {
      const { client } = await open(stage)
      client.terminate!()
      await stage.heard(1, 1)
      expect(stage.log).toEqual({ client: ['broken 1006, 3'], server: ['broken 1006, 3'] })
    })
})
