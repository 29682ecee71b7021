import type { Random } from './random.ts'

/** How a world is, from its beginning to its end. */
export interface Setting {
  readonly clients: readonly ClientSetting[]
  readonly server: ServerSetting
}

export interface ClientSetting {
  readonly socket: 'browser' | 'ws'
  readonly timers: 'exact' | 'early' | 'late' | 'throttled'
  /** One way, in milliseconds. */
  readonly latency: readonly [min: number, max: number]
  readonly bytesPerSecond: number
  readonly window: readonly [messages: number, bytes: number]
  readonly maxQueued: number
  readonly overflow: 'reject' | 'drop-oldest'
}

export interface ServerSetting {
  readonly window: readonly [messages: number, bytes: number]
  readonly maxPayloadBytes: number
  readonly sessionTimeout: number
  readonly tombstoneTimeout: number
  readonly pingInterval: number
  readonly maxBufferedMessages: number
  /** For how long an authentication holds, in milliseconds; for ever without. */
  readonly expiresIn: number | undefined
  /** How many servers share the sessions. */
  readonly nodes?: number
  /** Absent: it has no channels. */
  readonly channels?: {
    readonly maxMessages: number
    readonly rewind: number
    readonly broker: 'memory' | 'lossy'
  }
}

export function drawSetting(random: Random): Setting {
  const clientCount = random.pick([1, 1, 1, 2, 3])
  return {
    clients: Array.from({ length: clientCount }, () => drawClient(random)),
    server: {
      window: drawWindow(random),
      maxPayloadBytes: random.pick([65_536, 65_536, 1_048_576]),
      sessionTimeout: random.pick([2_000, 30_000, 120_000, 120_000, 120_000]),
      tombstoneTimeout: random.pick([1_000, 86_400_000, 86_400_000]),
      pingInterval: random.pick([3_000, 25_000, 25_000, 25_000, 25_000, 25_000]),
      maxBufferedMessages: random.pick([40, 32_768, 32_768]),
      expiresIn: random.chance(0.2) ? random.pick([20_000, 90_000, 600_000]) : undefined,
    },
  }
}

function drawClient(random: Random): ClientSetting {
  const least = random.pick([1, 1, 5, 40, 300])
  return {
    socket: random.pick(['browser', 'browser', 'ws']),
    timers: random.pick(['exact', 'exact', 'early', 'late', 'throttled']),
    latency: [least, random.chance(0.5) ? least : least * random.between(2, 10)],
    bytesPerSecond: random.chance(0.15) ? random.scale(20_000, 1_000_000) : Infinity,
    window: drawWindow(random),
    maxQueued: random.pick([20, 10_000, 10_000, 10_000]),
    overflow: random.pick(['reject', 'reject', 'drop-oldest']),
  }
}

function drawWindow(random: Random): readonly [number, number] {
  return random.pick([
    [1_024, 1_048_576],
    [1_024, 1_048_576],
    [8, 100_000],
    [1, 2_000],
  ])
}
