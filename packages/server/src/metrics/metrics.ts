import { given, misuse, namesOf } from '@holdfast/protocol'
import type { Unsubscribe } from '@holdfast/protocol'
import type { Registry, RegistryContentType } from 'prom-client'
import type { MeteredHub } from './metered-hub.ts'
import { Meters } from './meters.ts'

/** The options of `metrics`. */
export interface MetricsOptions {
  /** The register of `prom-client` that the metrics are added to. */
  readonly register: Registry<RegistryContentType> | Registry
  /**
   * What the names of all metrics begin with.
   *
   * @default 'holdfast_'
   */
  readonly prefix?: string
  /** The value of the label `hub`, which all hubs need if several of them use one register. */
  readonly name?: string
}

const options: Readonly<Record<keyof MetricsOptions, true>> = { register: true, prefix: true, name: true }
const registers = /* @__PURE__ */ new WeakMap<object, Map<string, Meters>>()

/**
 * Adds the metrics of a hub to a register of `prom-client`, until the returned function is called. They are read from
 * `hub.stats()` whenever the register is collected, so messages cost nothing more.
 *
 * @throws {HoldfastError} `misuse` for a second hub on a register, unless both have a `name`, and for a name of a metric that is
 * taken
 * @example
 * import { metrics } from '@holdfast/server/metrics'
 * import { register } from 'prom-client'
 *
 * metrics(hub, { register })
 * server.on('request', async ({ url }, response) => {
 *   if (url === '/metrics')
 *     response.writeHead(200, { 'Content-Type': register.contentType }).end(await register.metrics())
 * })
 */
export function metrics(hub: MeteredHub, asked: MetricsOptions): Unsubscribe {
  const { register, prefix = 'holdfast_', name = '' } = given(asked, namesOf(options))
  if (!register || typeof register.registerMetric !== 'function')
    throw misuse('write metrics(hub, { register }), with a register of prom-client')
  if (typeof prefix !== 'string' || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(prefix))
    throw misuse('the prefix of metrics consists of letters, digits and _')
  if (typeof name !== 'string') throw misuse('the name of a hub must be a string')

  let byPrefix = registers.get(register)
  if (!byPrefix) registers.set(register, (byPrefix = new Map()))
  let meters = byPrefix.get(prefix)
  if (!meters) byPrefix.set(prefix, (meters = new Meters(register as Registry, prefix)))
  return meters.add(hub, name)
}
