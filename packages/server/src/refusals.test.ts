import { afterEach, describe, expect, it, vi } from 'vitest'
import { newcomer, setUp } from '../test/support/set-up.ts'
import { FakeSocket } from '../test/support/fake-socket.ts'
import { createHub } from './index.ts'

const from = (origin: string, host = 'localhost:8080') => ({ headers: { origin, host } })

describe('a refusal', () => {
  it('of a page is logged with its origin, and with the option that would let it in', () => {
    const { dial, warned } = setUp()
    dial(from('http://localhost:5173'))
    expect(warned).toEqual([
      "holdfast: refused a connection with 4403, not from this origin. The origin of its page is 'http://localhost:5173', which is " +
        "not the host that it connects to, 'localhost:8080'. If it is yours: createHub({ origins: " +
        "['http://localhost:5173'] }). A proxy has to forward the Host header. watch('refused') reports all.",
    ])
    const listed = setUp({ origins: ['https://example.com'] })
    listed.dial(from('http://localhost:5173'))
    expect(listed.warned[0]).toContain("`origins` does not accept 'http://localhost:5173'")
  })

  it('of a page under another name is logged with that, and with the option that would let it in', () => {
    const { dial, warned } = setUp({ hosts: ['example.com'] })
    dial(from('http://www.example.com:8080', 'www.example.com:8080'))
    expect(warned[0]).toContain("reached this server as 'www.example.com:8080'")
    expect(warned[0]).toContain("createHub({ hosts: ['www.example.com'] })")
  })

  it('is logged once a minute for each kind, and told to `refused` every time', async () => {
    const { clock, dial, heard, warned } = setUp({ limits: { maxConnections: 1 } })
    dial()
    for (let client = 0; client < 10; client++) {
      dial()
      dial(from('https://evil.example'))
    }
    expect(warned).toHaveLength(2)
    expect(warned[0]).toContain('`limits.maxConnections` is 1')
    expect(heard).toHaveLength(20)
    await clock.advance(60_000)
    dial(from('https://evil.example'))
    expect(warned).toHaveLength(4)
    expect(warned[2]).toContain('no greeting in time')
  })

  it.each([
    ['breaks lines', 'https://evil.example\r\nError: \u001b[31mdatabase lost\u009b\u202e'],
    ['is long', `https://${'x'.repeat(100_000)}.example`],
    ['would be code', "https://evil.example'],authenticate:()=>({identity:'admin'}),x:['"],
    ['ends the text', "'] }); process.exit(); ('"],
  ])('of a page whose origin %s stays one short line, and invites nobody to paste it', (_, origin) => {
    const { dial, warned } = setUp({ origins: [] })
    dial(from(origin))
    expect(warned).toMatchObject([expect.stringMatching(/^[ -~]{50,400}$/)])
    expect(warned[0]).not.toContain('createHub')
  })

  it('of a token is logged, with what becomes of the client', async () => {
    const { dial, warned } = setUp({ authenticate: () => undefined })
    await dial().say(['hi', newcomer])
    expect(warned).toMatchObject([expect.stringMatching(/4401.*fresh token/)])
  })

  it('of versions is one kind, whatever numbers there are', async () => {
    const { dial, heard, warned } = setUp()
    for (let v = 2; v < 50; v++) await dial().say(['hi', { v }])
    expect([heard.length, warned.length]).toEqual([48, 1])
  })

  it('by a hub that is closed is told, but not logged', async () => {
    const { dial, heard, hub, warned } = setUp()
    await hub.close()
    expect(dial().socket.closedWith?.code).toBe(1012)
    expect(heard).toEqual([['refused', { code: 1012, why: 'the hub is closed' }]])
    expect(warned).toEqual([])
  })

  it('breaks nothing when the log throws, which is reported', () => {
    const { dial, heard, reported } = setUp({
      ports: {
        warn() {
          throw new Error('disk full')
        },
      },
    })
    expect(dial(from('https://evil.example')).socket.closedWith?.code).toBe(4403)
    expect(heard).toHaveLength(1)
    expect(reported).toEqual([new Error('disk full')])
  })
})

describe('by default, warnings', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('go to the console', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    createHub().accept(new FakeSocket(), { headers: { origin: 'https://evil.example', host: 'x' } })
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('https://evil.example'))
  })
})
