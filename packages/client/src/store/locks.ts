import type { AbortSignalLike } from '@holdfast/protocol'
import type { LocksLike } from './ports.ts'

/** Releases the lock. */
export type Release = () => void

/** Waits for a lock. It is held until it is released, or until the page is gone. */
export function lock(locks: LocksLike, name: string, signal?: AbortSignalLike): Promise<Release> {
  return request(locks, name, signal ? { signal } : {}) as Promise<Release>
}

/** Takes a lock, or returns undefined if another page holds it. */
export function tryLock(locks: LocksLike, name: string): Promise<Release | undefined> {
  return request(locks, name, { ifAvailable: true })
}

function request(
  locks: LocksLike,
  name: string,
  options: Parameters<LocksLike['request']>[1],
): Promise<Release | undefined> {
  return new Promise((resolve, reject) => {
    const callback = (granted: unknown): unknown =>
      granted ? new Promise<void>((release) => resolve(() => release())) : resolve(undefined)
    locks.request(name, options, callback).catch(reject)
  })
}
