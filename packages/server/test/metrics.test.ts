import { createServer } from 'node:http'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { metrics } from '../src/metrics/index.ts'
import { createHub } from '../src/index.ts'
import { dial } from './support/raw-client.ts'
import { listen, serve, shut } from './support/serve.ts'

interface Chat {
  toClient: { said: string }
  toServer: { say: string }
}

describe('a scrape over HTTP', () => {
  it('has what the hub does on real sockets, in the format of Prometheus', async () => {
    await using served = await serve()
    const register = new Registry()
    metrics(served.hub, { register })
    served.server.removeAllListeners('request')
    served.server.on('request', (_, response) => {
      void register.metrics().then((text) => {
        response.writeHead(200, { 'Content-Type': register.contentType }).end(text)
      })
    })
    await using client = await dial(served.url)
    await client.greet()
    client.say([1, 0, 'n', 1])
    await client.until('a')
    const response = await fetch(`http://127.0.0.1:${served.port}/metrics`)
    const text = await response.text()
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain(
      '# HELP holdfast_messages_received_total Messages of clients.\n' +
        '# TYPE holdfast_messages_received_total counter\n' +
        'holdfast_messages_received_total 1\n',
    )
    expect(text).toContain('\nholdfast_sessions_connected 1\n')
    // Every line is a comment or a sample, and nothing is sampled twice.
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const sample = /^[a-z_]+(\{([a-z]+="[^"\n]*",?)+\})? -?[0-9.e+]+$/
    expect(samples.filter((line) => !sample.test(line))).toEqual([])
    const names = samples.map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(new Set(names).size).toBe(names.length)
  })

  it('is for hubs of any contract', async () => {
    const hub = createHub<Chat, { user: string }>()
    const server = createServer()
    await listen(server)
    metrics(hub, { register: new Registry() })()
    await hub.close()
    await shut(server)
  })
})
