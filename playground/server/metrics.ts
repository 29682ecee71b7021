import type { RequestListener } from 'node:http'
import { metrics, type MeteredHub } from '@holdfast/server/metrics'
import { Registry } from 'prom-client'

/** Serves the metrics of hubs, each of which has a name, in the text format of Prometheus. */
export function serveMetrics(hubs: Readonly<Record<string, MeteredHub>>): RequestListener {
  const register = new Registry()
  for (const [name, hub] of Object.entries(hubs)) metrics(hub, { register, name })
  return (_, response) =>
    void register.metrics().then((text) => {
      response.writeHead(200, { 'content-type': register.contentType }).end(text)
    })
}
