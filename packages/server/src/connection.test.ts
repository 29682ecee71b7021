import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { resuming, setUp } from '../test/support/set-up.ts'

describe('a socket that is past open without having said so', () => {
  it.each([2, 3] as const)(
    'is dropped within seconds of a message, which is kept: readyState %i',
    async (state) => {
      const { clock, dial, heard, hub, join, peers } = setUp()
      const { ok, socket } = await join()
      socket.lapse(state)
      for (let second = 0; second < 4; second++) {
        peers[0]!.send('m', second)
        await clock.advance(1_000)
      }
      expect(heard.at(-1)).toEqual(['down', { code: 1006, reason: '' }])
      expect(hub.stats()).toMatchObject({ connections: 0, sessions: 1, bufferedMessages: 4 })
      const next = dial()
      await next.greet(resuming(ok, 0))
      await settleMicrotasks()
      expect(next.frames().map(([, , , data]) => data)).toEqual([0, 1, 2, 3])
    },
  )

  it('is dropped within seconds of a ping', async () => {
    const { clock, heard, join } = setUp({ pingInterval: 10_000 })
    const { socket } = await join()
    socket.lapse(2)
    await clock.advance(14_000)
    expect(heard.at(-1)).toEqual(['down', { code: 1006, reason: '' }])
  })

  it('is heard out when its close comes after all, once', async () => {
    const { clock, heard, hub, join, peers } = setUp()
    const { socket } = await join()
    socket.lapse(2)
    peers[0]!.send('m')
    await settleMicrotasks()
    socket.end(1001, 'going')
    expect(heard.at(-1)).toEqual(['down', { code: 1001, reason: 'going' }])
    await clock.advance(10_000)
    expect(heard.filter(([kind]) => kind === 'down')).toHaveLength(1)
    expect(hub.stats().connections).toBe(0)
    expect(socket.isTerminated).toBe(false)
  })

  it('does not keep a hub from closing', async () => {
    const { clock, hub, join } = setUp()
    const { socket } = await join()
    socket.lapse(3)
    const closed = hub.close()
    await clock.advance(5_000)
    await closed
    expect(clock.pending).toBe(0)
  })

  it('does not keep a hub from closing that has no way to drop it', async () => {
    const { clock, hub, join } = setUp()
    const { socket } = await join()
    Object.assign(socket, { terminate: undefined })
    socket.isPolite = false
    const closed = hub.close()
    await clock.advance(5_000)
    await closed
    expect(clock.pending).toBe(0)
  })
})

describe('what a socket brings', () => {
  it('counts as a lost path when its close tells no code', async () => {
    const { heard, join } = setUp()
    const { socket } = await join()
    socket.onclose?.(undefined as never)
    expect(heard.at(-1)).toEqual(['down', { code: 1006, reason: '' }])
  })

  it('is cleaned where people read it', async () => {
    const { heard, join } = setUp()
    const { socket } = await join()
    socket.end(4_000, 'so\r\nERROR \u001b[31mfake')
    expect(heard.at(-1)).toEqual(['down', { code: 4_000, reason: 'so ERROR  [31mfake' }])
  })

  it('may be bytes in any form', async () => {
    const { hub, join } = setUp()
    const bytes: unknown[] = []
    hub.onRaw((data) => bytes.push(data))
    const { socket } = await join()
    const frame = (seq: number): Uint8Array => {
      const header = new TextEncoder().encode(`[${seq},0,null,null,{"raw":true}]`)
      return new Uint8Array([0, header.length, ...header, seq])
    }
    for (const data of [frame(1).buffer, frame(2), Buffer.from(frame(3))])
      socket.onmessage?.({ data } as never)
    expect(bytes).toEqual([1, 2, 3].map((byte) => new Uint8Array([byte])))
  })

  it.each([new Blob(['x']), [new Uint8Array(1)], undefined, 5])(
    'closes the connection when it is neither text nor bytes: %o',
    async (data) => {
      const { join } = setUp()
      const { socket } = await join()
      socket.onmessage?.({ data } as never)
      expect(socket.closedWith).toEqual({ code: 1007, reason: 'neither text nor bytes' })
    },
  )
})
