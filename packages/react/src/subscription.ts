import type { Client, Unsubscribe } from 'holdfast'

/** What a component listens to. */
export interface Target {
  readonly client: Client
  readonly name: string
  readonly handler: (data: unknown) => unknown
}

/** Listens to at most one event of one client at a time, and can be aimed at another while it does. */
export interface Subscription {
  aim(target: Target): void
  /** Begins to listen, and returns what ends that. */
  start(): () => void
}

export function createSubscription(): Subscription {
  let target: Target
  let stop: Unsubscribe | undefined

  const listen = (): void => {
    const off: Unsubscribe = target.client.on(target.name, (data): unknown =>
      // The client calls everybody who listened when the event came, even if one of them just took us away.
      stop === off ? target.handler(data) : undefined,
    )
    stop = off
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
