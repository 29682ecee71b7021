import { HoldfastError } from '@holdfast/protocol'
import type { AbortSignalLike, Clock, Delivery, RequestOptions, SendOptions } from '@holdfast/protocol'
import type { Shared, Tell } from './journal.ts'
import { asBytes, asPayload, asRaw, eventNames } from './message.ts'
import type { Payload } from './message.ts'
import type { Ask, Send } from './plan.ts'
import type { Random } from './random.ts'

/** What clients and peers have in common for those who send by them. */
export interface Sender {
  /** At a server: the session that it is. */
  readonly peer?: string
  send(name: string, data: Payload, how: SendOptions): Delivery
  sendRaw(data: string | Uint8Array, how: SendOptions): Delivery
  request(data: Payload, how: RequestOptions): Promise<unknown>
}

export interface SenderContext {
  readonly shared: Shared
  readonly tell: Tell
  readonly clock: Clock
  readonly random: Random
}

/** Sends according to the plan, and reports the outcome of each message. */
export function sendVia(sender: Sender, send: Send, { shared, tell, clock, random }: SenderContext): void {
  const { kind, count, size, wish, volatile, key, ttl, cancelAfter } = send
  const how = { ...(volatile && { volatile }), ...(key && { key }), ...(ttl !== undefined && { ttl }) }
  const { peer } = sender
  for (let index = 0; index < count; index++) {
    const id = shared.nextId()
    tell({ type: 'sent', id, kind, ...(peer !== undefined && { peer }), ...how })
    const content = { id, wish, size }
    const delivery =
      kind === 'event'
        ? sender.send(random.pick(eventNames), asPayload(content), how)
        : sender.sendRaw(kind === 'raw' ? asRaw(content) : asBytes(content), how)
    void delivery.then((outcome) => {
      tell({ type: 'settled', id, ...outcome })
    })
    if (cancelAfter !== undefined)
      clock.setTimer(() => {
        tell({ type: 'cancelled', id })
        delivery.cancel()
      }, cancelAfter)
  }
}

/** The same for a request. */
export function askVia(sender: Sender, ask: Ask, { shared, tell, clock }: SenderContext): void {
  const { size, wish, timeout, abortAfter } = ask
  const { peer } = sender
  const id = shared.nextId()
  const abort = new AbortController()
  tell({ type: 'sent', id, kind: 'request', ...(peer !== undefined && { peer }) })
  if (abortAfter !== undefined) clock.setTimer(() => abort.abort(), abortAfter)
  sender.request(asPayload({ id, wish, size }), { timeout, signal: abort.signal }).then(
    (answer) => tell({ type: 'answered', id, how: isAnswer(answer, id) ? 'right' : 'wrong' }),
    (error: unknown) => {
      if (!(error instanceof HoldfastError)) return shared.fault('error', String(error))
      const { code, reason, outcome } = error
      tell({ type: 'answered', id, how: 'error', code, ...(reason !== undefined && { reason }) })
      if (outcome) tell({ type: 'settled', id, ...outcome })
    },
  )
}

/** The answer to a request, or what happens instead, as its sender wished. */
export function checkAnswer({ id, wish, ballast }: Payload, clock: Clock, signal: AbortSignalLike): unknown {
  const answer = { answer: id, ballast }
  if (wish === 'refuse') throw new HoldfastError('remote', 'as wished', { reason: 'as wished', data: answer })
  if (wish === 'wait')
    return new Promise((resolve) => clock.setTimer(() => resolve(signal.aborted ? undefined : answer), 700))
  if (wish === 'never') return new Promise(() => {})
  return answer
}

function isAnswer(answer: unknown, id: number): boolean {
  return typeof answer === 'object' && answer !== null && 'answer' in answer && answer.answer === id
}
