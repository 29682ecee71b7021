import { HoldfastError, isHoldfastError } from '@holdfast/server'

/** Redis does not answer now. Handlers that let it through answer their clients with the reason `unavailable`. */
export function unavailable(cause: unknown): HoldfastError {
  const message = `Redis is not available: ${textOf(cause)}`
  return new HoldfastError('remote', message, { reason: 'unavailable', cause })
}

export function late(): HoldfastError {
  return new HoldfastError('timeout', 'Redis did not answer in time')
}

const page = 'https://unpkg.com/holdfast/docs/errors/misuse.md'

/** Redis cannot be used as it is. */
export function unusable(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('misuse', `${message}\n${page}`, cause === undefined ? {} : { cause })
}

export function isUnusable(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'misuse'
}

export function isLate(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'timeout'
}

/** Turns an error of node-redis into the error for the hub. */
export function explain(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error
  const text = textOf(error)
  if (/^(NOAUTH|WRONGPASS)/.test(text)) return unusable(`Redis refuses the user: ${text}`, error)
  if (text.startsWith('NOPERM'))
    return unusable(`grant the user the permissions of the README: ${text}`, error)
  return unavailable(error)
}

/** Whether Redis has refused for a reason that another connection may not have: it is a replica, or going to be one. */
export function isMisplaced(error: unknown): boolean {
  return /READONLY|MASTERDOWN|UNBLOCKED/.test(textOf(error))
}

/** Whether Redis does not know a script, which it forgets when it restarts. */
export function isUnknownScript(error: unknown): boolean {
  return textOf(error).startsWith('NOSCRIPT')
}

/** Whether another node of the cluster has the slot. */
export function isMoved(error: unknown): boolean {
  return /^(MOVED|ASK) /.test(textOf(error))
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
