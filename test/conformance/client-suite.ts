import { describe } from 'vitest'
import type { Platform } from '../support/stage.ts'
import { connectionTests } from './suite/connection.ts'
import { deliveryTests } from './suite/delivery.ts'
import { eventTests } from './suite/events.ts'
import { listenerTests } from './suite/listeners.ts'
import { wireTests } from './suite/wire.ts'

/** What a user sees of a client, on any platform and against a real server. */
export function clientSuite(name: string, platform: Platform): void {
  describe(name, () => {
    describe('connection', () => connectionTests(platform))
    describe('delivery', () => deliveryTests(platform))
    describe('events', () => eventTests(platform))
    describe('listeners', () => listenerTests(platform))
    describe('wire', () => wireTests(platform))
  })
}
