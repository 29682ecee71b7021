// Written by `node test/package/api.ts --accept`.
import { Registry, RegistryContentType } from 'prom-client'
type Unsubscribe = () => void
interface HubStats {
  readonly connections: number
  readonly greeting: number
  readonly sessions: number
  readonly connected: number
  readonly tombstones: number
  readonly producers: number
  readonly bufferedMessages: number
  readonly bufferedBytes: number
  readonly channels: number
  readonly subscriptions: number
  readonly published: number
  readonly publicationsSent: number
  readonly recoveries: number
  readonly gaps: number
  readonly channelRefusals: Readonly<Record<string, number>>
  readonly brokerFailures: number
  readonly accepted: number
  readonly refused: number
  readonly opened: number
  readonly resumed: number
  readonly arrived: number
  readonly disconnected: number
  readonly ended: Readonly<Record<string, number>>
  readonly refusals: Readonly<Record<number, number>>
  readonly limitHits: Readonly<Record<string, number>>
  readonly rtt: {
    readonly count: number
    readonly sum: number
  }
  readonly sentMessages: number
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly receivedMessages: number
  readonly droppedMessages: number
  readonly deliveredMessages: number
  readonly invalid: number
  readonly unhandled: number
}
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
