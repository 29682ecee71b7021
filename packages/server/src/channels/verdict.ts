import { isHoldfastError } from '@holdfast/protocol'
import type { Clock, DelayRange } from '@holdfast/protocol'
import type { Permission } from './kinds.ts'
import { withinTime } from './within-time.ts'

/** What a rule of the application has decided. */
export type Decision = Allowed | Refusal

export interface Allowed {
  readonly isAllowed: true
  readonly permission: Permission
}

export interface Refusal {
  readonly isAllowed: false
  readonly why: string
  /** When the client should ask again, in milliseconds. */
  readonly after?: DelayRange
}

/** When a client asks again that was refused because the server fails, in milliseconds. */
const retryRange: DelayRange = [1_000, 10_000]
/** How long a rule may take, in milliseconds. */
const ruleTimeout = 30_000
/** The longest reason of the application, in UTF-16 units. */
const maxReason = 256

export const forbidden: Refusal = { isAllowed: false, why: 'forbidden' }
export const tooMany: Refusal = { isAllowed: false, why: 'too-many' }
export const unavailable: Refusal = { isAllowed: false, why: 'unavailable', after: retryRange }

/**
 * Asks a rule of the application. Only `true` or an object allows. An exception means that the rule could not decide, as does no answer in
 * time; `failed` is notified of it.
 */
export function decide(
  clock: Clock,
  rule: (() => unknown) | undefined,
  failed: (error: unknown) => void,
): Decision | Promise<Decision> {
  if (!rule) return forbidden
  const thrown = (error: unknown): Refusal => {
    if (isHoldfastError(error) && error.code === 'remote')
      return { isAllowed: false, why: (error.reason ?? 'forbidden').slice(0, maxReason) }
    failed(error)
    return unavailable
  }
  try {
    const answer = rule()
    if (!isThenable(answer)) return decisionOf(answer)
    return withinTime(clock, ruleTimeout, Promise.resolve(answer), 'the rule').then(decisionOf, thrown)
  } catch (error) {
    return thrown(error)
  }
}

function decisionOf(answer: unknown): Decision {
  if (answer === true) return { isAllowed: true, permission: {} }
  return typeof answer === 'object' && answer !== null ? { isAllowed: true, permission: answer } : forbidden
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
