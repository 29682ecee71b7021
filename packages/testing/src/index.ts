export { clockFaults, createVirtualClock, settleMicrotasks } from './clock.ts'
export type { ClockFaults, VirtualClock } from './clock.ts'
export { FakeServerSocket, FakeSocket } from './fake-socket.ts'
export type { SocketData, SocketPeer } from './fake-socket.ts'
export type { LaneConditions } from './lane.ts'
export { createNetwork } from './network.ts'
export type {
  Direction,
  FrameFate,
  FrameInfo,
  NetworkConditions,
  NetworkOptions,
  Notice,
  SimulatedConnection,
  SimulatedNetwork,
  SimulatedRequest,
} from './network.ts'
