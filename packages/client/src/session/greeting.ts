import { encodeControl, HoldfastError } from '@holdfast/protocol'
import type { Control, Hi, Ok } from '@holdfast/protocol'
import { fatal } from '../connection/connection.ts'
import type { WireHost } from '../wire.ts'
import type { HeldSession } from './held-session.ts'

/** Takes what the server says on a new connection until it has taken us in; undefined is what is no control. */
export type Greeting = (control: Control | undefined) => void

/** How long a server may take to say that it knows of sessions, in milliseconds. */
const bannerTimeout = 5_000
/** How many connections without a word from the server it takes to believe that it will never speak first. */
const silentServer = { reason: 'wire-mismatch', limit: 2 }

/**
 * How connections begin: the banner of the server, our `hi`, and its `ok`, which `greeted` is given. The returned function
 * is called for each socket that has opened.
 */
export function createGreeting(
  host: WireHost,
  held: HeldSession,
  own: Pick<Hi, 'window' | 'maxPayload'>,
  limit: (delay: number, onPassed: () => void) => void,
  greeted: (ok: Ok, isResumed: boolean) => void,
  violate: (code: number, why: string) => void,
): () => Greeting {
  const { connection, clock } = host
  const client = Array.from({ length: 4 }, () => Math.floor(host.random() * 2 ** 32).toString(36)).join('')
  let dials = 0

  const mismatch = (isSilent: boolean): void =>
    connection.fail({
      cause: {
        reason: 'wire-mismatch',
        error: new HoldfastError('wire-mismatch', 'the server does not speak the session wire: use plain()'),
      },
      rule: isSilent ? silentServer : fatal,
    })

  return () => {
    let isBannerDue = true
    let greetedAt = 0
    const n = ++dials
    limit(bannerTimeout, () => {
      if (isBannerDue && connection.state.name === 'greeting') mismatch(true)
    })
    return (control) => {
      if (isBannerDue) {
        if (control?.[0] !== 'holdfast') return mismatch(false)
        isBannerDue = false
        greetedAt = clock.now()
        const token = host.token()
        const hi: Hi = {
          v: 1,
          client,
          n,
          ...own,
          ...(token !== undefined && { token }),
          ...held.claim(),
        }
        connection.write(encodeControl(['hi', hi]))
      } else if (control?.[0] === 'ok') {
        const [, ok] = control
        const isResumed = held.resume(ok)
        if (isResumed === undefined) return violate(4400, 'a resume that cannot be')
        if (connection.rtt === undefined) connection.measured(clock.now() - greetedAt)
        greeted(ok, isResumed)
      } else violate(4400, 'no ok after the greeting')
    }
  }
}
