import { printable } from '@holdfast/protocol'

/** The maximum number of logged names. Clients choose them, so this bounds the memory and the log. */
const maxNames = 100
/** The maximum length of a logged name, in UTF-16 units. */
const maxLength = 100

/**
 * Creates the function that logs the first message of each name without a listener, which is most likely misspelled
 * at one end. Text and bytes that are not an event have no name.
 */
export function createUnhandledLog(warn: (text: string) => void): (name: string | undefined) => void {
  const logged = new Set<string | undefined>()

  return (name) => {
    if (logged.size === maxNames) return
    const shown = name === undefined ? name : shorten(printable(name))
    if (logged.has(shown)) return
    logged.add(shown)
    warn(
      shown === undefined
        ? "holdfast: text or bytes arrived that are not an event, and hub.onRaw() has no listener; see watch('unhandled')"
        : `holdfast: no listener for '${shown}', by hub.on() or hub.onAny(): is the name misspelled? See watch('unhandled')`,
    )
    if (logged.size === maxNames) warn(`holdfast: ${maxNames} such names were logged, and no more will be`)
  }
}

function shorten(name: string): string {
  return name.length > maxLength ? `${name.slice(0, maxLength)}…` : name
}
