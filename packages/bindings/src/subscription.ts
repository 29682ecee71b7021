import type { Client, Unsubscribe } from 'holdfast'

/** The event and the client of a subscription. */
export interface Target {
  readonly client: Client
  readonly name: string
  readonly handler: (data: unknown) => unknown
}

/** Listens to at most one event of one client at a time; the target can change while it listens. */
export interface Subscription {
  aim(target: Target): void
  /** Starts to listen, and returns the function that stops. */
  start(): () => void
}

export function createSubscription(): Subscription {
  let target: Target
  let stop: Unsubscribe | undefined

  const listen = (): void => {
    stop = target.client.on(target.name, (data): unknown => target.handler(data))
  }
  const end = (): void => {
    stop?.()
    stop = undefined
  }

  return {
    aim(next) {
      const moved = stop && (next.client !== target.client || next.name !== target.name)
      target = next
      if (!moved) return
      end()
      listen()
    },
    start() {
      listen()
      return end
    },
  }
}
