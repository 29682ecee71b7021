/** A time as Redis takes it, which knows no end of time. */
export function milliseconds(time: number): string {
  return Math.min(Math.max(1, Math.ceil(time)), 1e14).toFixed(0)
}
