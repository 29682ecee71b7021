export { clockFaults, createVirtualClock, settleMicrotasks } from './virtual-clock.ts'
export type { ClockFaults, VirtualClock } from './virtual-clock.ts'
