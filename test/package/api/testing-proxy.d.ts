// Written by `node test/package/api.ts --accept`.
// testing.d.ts has: Direction
interface NumberRange {
  readonly from: number
  readonly to?: number
}
interface FrameRange extends NumberRange {
  readonly control?: boolean
}
interface OnConnections {
  readonly connections?: 'all' | 'open' | 'new' | NumberRange
}
interface OnPath extends OnConnections {
  readonly direction?: Direction | 'both'
  readonly frames?: FrameRange
  readonly after?: number
  readonly for?: number
}
interface EndRule extends OnConnections {
  readonly action: 'cut' | 'reset'
  readonly direction?: Direction | 'both'
  readonly frames?: FrameRange
  readonly after?: number
}
interface BlackHoleRule extends OnPath {
  readonly action: 'black-hole'
}
interface DelayRule extends OnPath {
  readonly action: 'delay'
  readonly delay: number
}
interface ThrottleRule extends OnPath {
  readonly action: 'throttle'
  readonly bytesPerSecond: number
}
interface FrameRule extends OnPath {
  readonly action: 'drop' | 'duplicate'
}
interface RefuseRule extends OnConnections {
  readonly action: 'refuse'
  readonly after?: number
  readonly for?: number
}
interface AcceptLateRule extends OnConnections {
  readonly action: 'accept-late'
  readonly delay: number
}
type Rule = EndRule | BlackHoleRule | DelayRule | ThrottleRule | FrameRule | RefuseRule | AcceptLateRule
interface FaultProxyOptions {
  readonly target: string | URL | number
  readonly rules?: readonly (Rule | string)[]
}
interface FaultProxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly dials: number
  readonly connections: readonly ConnectionSnapshot[]
  rule(rule: Rule | string): () => void
  cut(): void
  reset(): void
  blackHole(direction?: Direction): () => void
  heal(): void
  refuse(): void
  accept(): Promise<void>
  dialed(count?: number): Promise<void>
  close(): Promise<void>
}
interface ConnectionSnapshot {
  readonly number: number
  readonly openedAt: number
  readonly toServer: FlowSnapshot
  readonly toClient: FlowSnapshot
}
interface FlowSnapshot {
  readonly frames: number
  readonly bytes: number
}
declare function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy>
declare function parseRule(text: string): Rule
export { parseRule, startFaultProxy }
export type {
  AcceptLateRule,
  BlackHoleRule,
  ConnectionSnapshot,
  DelayRule,
  Direction,
  EndRule,
  FaultProxy,
  FaultProxyOptions,
  FlowSnapshot,
  FrameRange,
  FrameRule,
  NumberRange,
  OnConnections,
  OnPath,
  RefuseRule,
  Rule,
  ThrottleRule,
}
