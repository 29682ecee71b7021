import { describe, expect, it } from 'vitest'
import { TestBroker } from '../test/channels/test-broker.ts'
import { setUp } from '../test/support/set-up.ts'

describe('the health of a hub', () => {
  it('says whether it accepts clients: not when it is full, drains or is closed', async () => {
    const { clock, dial, hub, join } = setUp({ limits: { maxConnections: 2 } })
    const good = { stage: 'open', isAccepting: true, broker: 'unused' }
    expect(await hub.health()).toEqual(good)
    await join()
    const second = dial()
    expect(await hub.health()).toEqual({ ...good, isAccepting: false })
    second.socket.end()
    expect(await hub.health()).toEqual(good)
    const closed = hub.close({ drain: 1_000 })
    expect(await hub.health()).toEqual({ ...good, stage: 'draining', isAccepting: false })
    await clock.advance(5_000)
    await closed
    expect(await hub.health()).toEqual({ ...good, stage: 'closed', isAccepting: false })
  })

  it('asks the broker of a hub with channels, and tells when it fails and when it is back', async () => {
    const broker = new TestBroker()
    const { hub } = setUp({ broker })
    expect((await hub.health()).broker).toBe('unused')
    hub.channels('room', {})
    expect((await hub.health()).broker).toBe('reachable')
    broker.failing.add('members')
    expect(await hub.health()).toEqual({ stage: 'open', isAccepting: true, broker: 'unreachable' })
    expect(hub.stats().brokerFailures).toBe(1)
    broker.failing.clear()
    expect((await hub.health()).broker).toBe('reachable')
  })

  it('does not wait for a broker that does not answer for longer than 5 s', async () => {
    const broker = new TestBroker()
    const { clock, hub } = setUp({ broker })
    hub.channels('room', {})
    broker.hold('members')
    const health = hub.health()
    await clock.advance(5_100)
    expect((await health).broker).toBe('unreachable')
  })

  it('is known of a hub with memory(), also of one that is closed', async () => {
    const { clock, hub } = setUp()
    hub.channels('room', {})
    expect((await hub.health()).broker).toBe('reachable')
    const closed = hub.close()
    await clock.advance(5_000)
    await closed
    expect((await hub.health()).stage).toBe('closed')
  })
})
