import type { Delivery } from './delivery.ts'

/**
 * Reports the rejection of a listener's result, if it is a promise.
 *
 * Checks for `then`, because promises of other realms and libraries have other classes. Ignores a {@link Delivery},
 * which never rejects and allocates a promise only when it is awaited.
 *
 * @throws the exception of a getter `then`
 */
export function reportRejection(result: unknown, report: (error: unknown) => void): void {
  const promise = result as Partial<Delivery> | null | undefined
  if (promise?.then && !promise.orThrow) void Promise.resolve(result).catch(report)
}
