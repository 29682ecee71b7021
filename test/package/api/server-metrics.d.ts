// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: Unsubscribe
// server.d.ts has: HubStats
import { Registry, RegistryContentType } from 'prom-client'
interface MeteredHub {
  stats(): HubStats
  watch(kind: 'rtt', listener: (value: { readonly rtt: number }) => unknown): Unsubscribe
}
interface MetricsOptions {
  readonly register: Registry<RegistryContentType> | Registry
  readonly prefix?: string
  readonly name?: string
}
declare function metrics(hub: MeteredHub, asked: MetricsOptions): Unsubscribe
export { metrics }
export type { MeteredHub, MetricsOptions }
