import type { Registration, Registry } from '../../src/listeners.ts'

/** A registry that works as mitt does: in place. */
export function createRegistry(): Registry {
  const all = new Map<PropertyKey, Registration[]>()
  return {
    all,
    on(key, registration) {
      const registrations = all.get(key)
      if (registrations) registrations.push(registration)
      else all.set(key, [registration])
    },
    off: (key, registration) => void all.get(key)?.splice(all.get(key)!.indexOf(registration) >>> 0, 1),
  }
}
