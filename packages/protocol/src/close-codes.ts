import { printable } from './printable.ts'

/** A range of delays, in milliseconds. The actual delay is drawn from it at random. */
export type DelayRange = readonly [min: number, max: number]

/**
 * What a client does after a close, other than to dial again after the backoff delay.
 *
 * - `refresh`: request a fresh token first; a second refusal in a row counts as `fatal`.
 * - `fatal`: stop, because dialing again cannot help.
 */
export type CloseAction = 'refresh' | 'fatal'

/** The meaning of a close code: a reason in a word, and what to do. */
export interface CloseRule {
  /** The meaning of the code, for people and for logs. */
  readonly reason: string
  /** What the client does; it dials again if absent. */
  readonly action?: CloseAction
  /**
   * The range of the random delay before the first redial, in milliseconds from the close.
   *
   * Its lower bound is a guarantee to the server: no later redial and no wake-up of the page dials sooner.
   *
   * @default [0, 5_000]
   */
  readonly delay?: DelayRange
  /**
   * The number of closes with such a limit that are retried before the next one counts as `fatal`, until a connection
   * was stable.
   */
  readonly limit?: number
}

/** Close codes and their rules; see {@link defaultCloseRules}. */
export type CloseRules = Readonly<Record<number, CloseRule>>

const prompt = [0, 1_000] as const
const patient = [5_000, 10_000] as const
const serverError: CloseRule = { reason: 'server-error', delay: patient }
const unauthorized: CloseRule = { reason: 'unauthorized', action: 'refresh' }
const forbidden: CloseRule = { reason: 'forbidden', action: 'fatal' }
const timeout: CloseRule = { reason: 'timeout' }

/**
 * The default meaning of every known close code.
 *
 * Few codes are fatal: a code that is wrongly fatal leaves a user offline permanently, one that is wrongly retried
 * costs the server a bounded number of dials. 1005, 1006 and 1015 are never sent: they mean that the connection was
 * lost.
 *
 * @see RFC 6455, section 7.4; 3000 to 3999 are registered with IANA, 4400 to 4599 follow the HTTP status codes.
 */
export const defaultCloseRules: CloseRules = {
  1000: { reason: 'normal', delay: patient },
  // Firefox closes the sockets of a page that is being left: an immediate dial would be wasted.
  1001: { reason: 'going-away', delay: [250, 5_000] },
  1002: { reason: 'protocol-error', limit: 3 },
  1003: { reason: 'unsupported-data' },
  1005: { reason: 'no-status', delay: prompt },
  1006: { reason: 'lost', delay: prompt },
  1007: { reason: 'invalid-data' },
  1008: { reason: 'policy', action: 'refresh' },
  1009: { reason: 'too-large' },
  1010: { reason: 'extension-missing', limit: 3 },
  1011: serverError,
  1012: { reason: 'restart', delay: [0, 15_000] },
  1013: { reason: 'try-later', delay: [10_000, 30_000] },
  1014: { reason: 'bad-gateway', delay: patient },
  1015: { reason: 'tls', delay: prompt },
  3000: unauthorized,
  3003: forbidden,
  3008: timeout,
  4400: { reason: 'bad-request', action: 'fatal' },
  4401: unauthorized,
  4403: forbidden,
  4404: { reason: 'not-found', action: 'fatal' },
  4406: { reason: 'subprotocol', action: 'fatal' },
  4408: timeout,
  4409: { reason: 'superseded', action: 'fatal' },
  4410: { reason: 'session-gone' },
  4425: { reason: 'gap', delay: prompt },
  4426: { reason: 'upgrade-required', action: 'fatal' },
  4429: { reason: 'rate-limited', delay: [30_000, 60_000] },
  4500: serverError,
  4503: { reason: 'unavailable', delay: patient },
}

/**
 * Reads the code and the text of a close event, for people and for logs.
 *
 * Omits the code or the text if the socket reports none, or fires no event at all.
 */
export function readClose(event: unknown): { readonly code?: number; readonly text?: string } {
  const { code, reason } = Object(event) as { readonly code: number; readonly reason: unknown }
  return {
    ...(Number.isInteger(code) && code > 999 && { code }),
    ...(typeof reason === 'string' && reason && { text: printable(reason) }),
  }
}

/**
 * Returns whether a message that this end sent may be the reason for that close.
 *
 * 4413 and 4422 are what clients send in place of 1009 and 1007, which pages cannot.
 */
export function isPoison(code: number): boolean {
  return [1003, 1007, 1009, 4413, 4422].includes(code)
}

const unlisted: CloseRule = { reason: 'closed' }
const serverCaused = [0, 5_000] as const

/** Returns the rule for a close code. A rule without a delay gets the range of a close that the server caused. */
export function closeRule(code: number, rules: CloseRules = defaultCloseRules): CloseRule {
  return ruleIn(rules, code)
}

/** The same without the default rules, which no bundle contains only for that. */
export function ruleIn(rules: CloseRules, code: number): CloseRule {
  const rule = rules[code] ?? unlisted
  return rule.delay ? rule : { ...rule, delay: serverCaused }
}
