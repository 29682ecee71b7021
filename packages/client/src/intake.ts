import { bytesOf } from '@holdfast/protocol'
import type { Conversation } from './connection/attempt.ts'
import { sizeOf } from './wire/wire.ts'

/** What has come in, in frames and bytes. */
export interface Received {
  receivedMessages: number
  receivedBytes: number
}

/** Counts what a socket brings, and keeps from the wire what it cannot or must not read. */
export function createIntake(
  maxPayloadBytes: number,
  counters: Received,
): (data: unknown, conversation: Conversation) => void {
  return (data, conversation) => {
    const frame = typeof data === 'string' ? data : bytesOf(data)
    counters.receivedMessages++
    if (frame === undefined) return conversation.refused({ reason: 'undecodable', data })
    counters.receivedBytes += frame.length
    // A UTF-16 unit is three bytes at most, so only text that may be too long has to be measured.
    const isLarge = frame.length * 3 > maxPayloadBytes && sizeOf(frame)! > maxPayloadBytes
    if (isLarge) conversation.refused({ reason: 'too-large', data: frame })
    else conversation.received(frame)
  }
}
