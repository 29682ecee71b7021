export type { MeteredHub } from './metered-hub.ts'
export { metrics } from './metrics.ts'
export type { MetricsOptions } from './metrics.ts'
