/**
 * The `AbortSignal` of the platform if its types are declared, or else the members that Holdfast uses, so that the
 * types of Holdfast do not require the DOM.
 */
export type AbortSignalLike = typeof globalThis extends { AbortSignal: { prototype: infer Native } }
  ? Native
  : {
      readonly aborted: boolean
      readonly reason: unknown
      addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
      removeEventListener(type: 'abort', listener: () => void): void
    }

/** Adds `Symbol.asyncDispose` for `await using`, if the types of the platform declare it. */
export type AsyncDisposeLike = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
  ? { readonly [Name in Key]: () => Promise<void> }
  : object

/** Time and timers. A port, so that tests and simulations can replace them. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start; may stand still while the machine sleeps. */
  now(): number
  /** Milliseconds since the Unix epoch; may jump. */
  wall(): number
  /**
   * Calls back once, after at least `delay` milliseconds if possible. Where timers keep a process alive, only those
   * with `keepsAlive` may do so.
   */
  setTimer(callback: () => void, delay: number, keepsAlive?: boolean): unknown
  clearTimer(timer: unknown): void
}

/** The longest delay of a timer, in milliseconds: 31 bits. Every platform treats a longer one as 0. */
export const longestTimer = 2_147_483_647
