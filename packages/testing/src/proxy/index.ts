export { startFaultProxy } from './fault-proxy.ts'
export type { ConnectionSnapshot, FaultProxy, FaultProxyOptions, FlowSnapshot } from './fault-proxy.ts'
export { parseRule } from './parse-rule.ts'
export type {
  AcceptLateRule,
  BlackHoleRule,
  DelayRule,
  Direction,
  EndRule,
  FrameRange,
  FrameRule,
  NumberRange,
  OnConnections,
  OnPath,
  RefuseRule,
  Rule,
  ThrottleRule,
} from './rule.ts'
