/** How far the clocks of two hubs may be apart, in milliseconds. */
const maxSkew = 60_000

/** Returns the id of a session that begins now, by the clock on the wall. */
export function newSessionId(secret: string, wall: number): string {
  return `${secret}.${Math.floor(wall).toString(36)}`
}

/**
 * Whether the session began less than so many milliseconds ago. Any client can make such an id up, which makes it wait for a session
 * that does not exist.
 */
export function isYoung(id: string, wall: number, youth: number): boolean {
  const age = wall - Number.parseInt(id.slice(id.lastIndexOf('.') + 1), 36)
  return id.includes('.') && age < youth && age > -maxSkew
}
