export { clockFaults, createVirtualClock, settleMicrotasks } from './clock.ts'
export type { ClockFaults, VirtualClock } from './clock.ts'
export { createTestPair } from './create-test-pair.ts'
export { DroppableSocket, FakeServerSocket, FakeSocket } from './fake-socket.ts'
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
export type { UntilOptions } from './pass-until.ts'
export type {
  HubPair,
  HubPairOptions,
  PlainPair,
  PlainPairOptions,
  SchemaHubPairOptions,
  SchemaPlainPairOptions,
  TestPair,
  TestPairOptions,
} from './test-pair.ts'
export type { Received, TestConnection, TestServer, TestServerOptions } from './test-server.ts'
export { createRandom } from './random.ts'
