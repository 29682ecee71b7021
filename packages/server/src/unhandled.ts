import { printable } from '@holdfast/protocol'

/** How many names are logged. Clients choose them, so this bounds the memory and the log. */
const maxNames = 100
/** How much of a name is logged, in UTF-16 units. */
const maxLength = 100

/**
 * Makes the function that logs the first message of each name that nobody listens to, most likely because the name is
 * misspelt at one of the ends. Text and bytes that are not an event have no name.
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
        ? "holdfast: text or bytes came in that are not an event, and nobody listens with hub.onRaw(); see watch('unhandled')"
        : `holdfast: nobody listens to '${shown}', by hub.on() or hub.onAny(): is the name misspelt? See watch('unhandled')`,
    )
    if (logged.size === maxNames) warn(`holdfast: ${maxNames} such names were logged, and no more will be`)
  }
}

function shorten(name: string): string {
  return name.length > maxLength ? `${name.slice(0, maxLength)}…` : name
}
