import { Counter, Registry } from 'prom-client'
import type { OpenMetricsContentType } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { settleMicrotasks } from '@holdfast/testing'
import { setUp } from '../../test/support/set-up.ts'
import { metrics } from './metrics.ts'

/** The values of a scrape, by their names and labels. */
async function scrape(register: Registry): Promise<Map<string, number>> {
  const lines = (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

describe('the metrics of a hub', () => {
  it('are what stats() says at the time of the scrape', async () => {
    const { clock, dial, hub, join, peers } = setUp({ pingInterval: 10_000, sessionTimeout: 5_000 })
    const register = new Registry()
    metrics(hub, { register })
    const client = await join()
    const lost = await join({ client: 'b' })
    await client.say([1, 0, 'n', 'é'])
    void peers[0]!.send('m')
    await settleMicrotasks()
    lost.socket.terminate()
    await clock.advance(6_000)
    await dial().say('nonsense')
    await clock.advance(5_000)
    await client.say(['q', 0])

    const values = await scrape(register)
    const stats = hub.stats()
    expect(Object.fromEntries(values)).toMatchObject({
      holdfast_connections: 1,
      holdfast_connections_accepted_total: 3,
      'holdfast_connections_refused_total{code="4400"}': 1,
      holdfast_sessions: 1,
      holdfast_sessions_connected: 1,
      holdfast_sessions_opened_total: 2,
      holdfast_sessions_disconnected_total: 1,
      'holdfast_sessions_ended_total{reason="expired"}': 1,
      'holdfast_sessions_ended_total{reason="overflow"}': 0,
      holdfast_messages_received_total: 1,
      holdfast_messages_sent_total: 1,
      holdfast_messages_unhandled_total: 1,
      holdfast_buffered_messages: 1,
      holdfast_sent_bytes_total: stats.sentBytes,
      holdfast_received_bytes_total: stats.receivedBytes,
      'holdfast_limit_hits_total{limit="maxConnections"}': 0,
      holdfast_rtt_seconds_count: 1,
      holdfast_rtt_seconds_sum: stats.rtt.sum / 1_000,
    })
    await client.say([2, 0, 'n'])
    expect((await scrape(register)).get('holdfast_messages_received_total')).toBe(2)
  })

  it('follow the conventions of Prometheus in their names', async () => {
    const { hub } = setUp()
    const register = new Registry()
    metrics(hub, { register })
    const all = await register.getMetricsAsJSON()
    expect(all.length).toBeGreaterThan(30)
    for (const { name, help, type } of all) {
      expect(name).toMatch(/^holdfast(_[a-z]+)+$/)
      expect(help).toMatch(/^[A-Z].*\.$/)
      expect(name.endsWith('_total'), name).toBe(String(type) === 'counter')
      expect(name).not.toMatch(/_(count|sum|bucket|info|counter|gauge|histogram)$/)
      expect(name).not.toMatch(/milliseconds|_ms_|kilobytes|megabytes/)
      // A unit stands at the end.
      expect(name.replace(/_total$/, '')).not.toMatch(/_(bytes|seconds)_/)
    }
  })

  it('take one snapshot for a scrape, so that they fit together', async () => {
    const { hub } = setUp()
    const register = new Registry()
    let snapshots = 0
    const counted = {
      stats: () => (snapshots++, hub.stats()),
      watch: hub.watch,
    }
    metrics(counted, { register })
    await scrape(register)
    await scrape(register)
    expect(snapshots).toBe(2)
  })

  it('of several hubs stand side by side by their names', async () => {
    const register = new Registry()
    const [one, two] = [setUp(), setUp()]
    const off = metrics(one.hub, { register, name: 'one' })
    metrics(two.hub, { register, name: 'two' })
    await one.join()
    const value = async (name: string): Promise<number | undefined> =>
      (await scrape(register)).get(`holdfast_connections{hub="${name}"}`)
    expect([await value('one'), await value('two')]).toEqual([1, 0])
    const refused = 'holdfast_connections_refused_total{hub="two",code="4400"}'
    await two.dial().say('nonsense')
    expect((await scrape(register)).get(refused)).toBe(1)
    off()
    off()
    expect([await value('one'), await value('two')]).toEqual([undefined, 0])
  })

  it('of several hubs without names are a misuse, as are those with the same', () => {
    const register = new Registry()
    const { hub } = setUp()
    metrics(hub, { register })
    for (const name of ['', 'one']) {
      expect(() => metrics(setUp().hub, { register, name })).toThrow(/different names/)
    }
    const other = new Registry()
    metrics(hub, { register: other, name: 'one' })
    expect(() => metrics(setUp().hub, { register: other, name: 'one' })).toThrow(/different names/)
    // Others do not meet them.
    metrics(setUp().hub, { register, prefix: 'chat_' })
  })

  it('leave the register when they are taken off, and can come back', async () => {
    const register = new Registry()
    const { hub } = setUp()
    metrics(hub, { register })()
    expect(await register.metrics()).toBe('\n')
    metrics(hub, { register })
    expect((await scrape(register)).get('holdfast_sessions')).toBe(0)
  })

  it('do not take a name that the application has used, and leave nothing behind', async () => {
    const register = new Registry()
    const mine = new Counter({ name: 'holdfast_sessions', help: 'mine', registers: [register] })
    const { hub } = setUp()
    expect(() => metrics(hub, { register })).toThrow(/has a metric 'holdfast_sessions'/)
    expect(register.getMetricsAsArray()).toEqual([mine])
    expect(() => metrics(hub, { register, prefix: 'chat_' })).not.toThrow()
  })

  it('suit OpenMetrics as well', async () => {
    const register = new Registry<OpenMetricsContentType>()
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    const off = metrics(setUp().hub, { register })
    const text = await register.metrics()
    expect(text).toContain('# TYPE holdfast_messages_sent counter\nholdfast_messages_sent_total 0\n')
    expect(text).not.toContain('_total_total')
    off()
    expect(await register.metrics()).toBe('\n# EOF\n')
  })

  it.each([
    [{}, /with a register of prom-client/],
    [{ register: {} }, /with a register of prom-client/],
    [{ register: new Registry(), prefix: '9' }, /prefix/],
    [{ register: new Registry(), name: 1 }, /name/],
    [{ register: new Registry(), labels: {} }, /labels/],
  ])('refuse what is not an option: %o', (options, text) => {
    expect(() => metrics(setUp().hub, options as never)).toThrow(text)
  })
})
