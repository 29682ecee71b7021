import type { Random } from './random.ts'
import { createServerPlace } from './server-place.ts'
import type { ServerPlace, ServerPlaceOptions } from './server-place.ts'

/** Several servers that share their sessions: clients reach any of them, and trouble any of them. */
export function createServerCluster(count: number, random: Random, options: ServerPlaceOptions): ServerPlace {
  const listening = new Set<number>()
  let isListening = false
  const listen = (index: number, isUp: boolean): void => {
    if (isUp) listening.add(index)
    else listening.delete(index)
    if (isListening === listening.size > 0) return
    isListening = !isListening
    options.listening(isListening)
  }
  const places = Array.from({ length: count }, (_, index) =>
    createServerPlace({ ...options, listening: (isUp) => listen(index, isUp) }),
  )
  return {
    get apps() {
      return places.flatMap(({ apps }) => apps)
    },
    appOf(client) {
      const known = places.flatMap((place) => place.appOf(client) ?? []).filter((app) => app.knows(client))
      return known.length > 0 ? random.pick(known) : undefined
    },
    accept: (socket, request) => places[random.pick([...listening])]!.accept(socket, request),
    kill: (notice, down) => random.pick(places).kill(notice, down),
    restart: (drain, down) => random.pick(places).restart(drain, down),
    hide: (ms) => random.pick(places).hide(ms),
    authenticate(mode, ms) {
      for (const place of places) place.authenticate(mode, ms)
    },
    calm() {
      for (const place of places) place.calm()
    },
  }
}
