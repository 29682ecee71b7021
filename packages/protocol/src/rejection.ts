import type { Delivery } from './delivery.ts'

/**
 * Reports the rejection of what a listener has returned, if that is a promise.
 *
 * Goes by `then`, because promises of other realms and of libraries have classes of their own. A {@link Delivery} never
 * rejects, and is left alone: it makes a promise only for those who ask.
 *
 * @throws what the getter of a `then` throws
 */
export function reportRejection(result: unknown, report: (error: unknown) => void): void {
  const promise = result as Partial<Delivery> | null | undefined
  if (promise?.then && !promise.orThrow) void Promise.resolve(result).catch(report)
}
