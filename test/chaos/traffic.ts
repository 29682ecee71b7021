import { perSecond } from '../session/traffic.ts'
import type { Speaker } from './recorder.ts'

/** How much each end of a session says, in messages and requests a second. */
export interface Rate {
  readonly messages: number
  readonly requests: number
}

/** Sends messages until it is stopped. */
export function startTraffic({ speak, ask }: Speaker, { messages, requests }: Rate): () => void {
  const flows = [perSecond(messages, speak), perSecond(requests, ask)]
  return () => {
    for (const flow of flows) flow.stop()
  }
}
