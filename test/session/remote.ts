import type { PeerEnd } from '@holdfast/server'

/** What can be asked of a pair that runs elsewhere. */
export type Order =
  | { readonly do: 'open' | 'close' | 'cut' | 'reset' | 'heal' | 'refuse' | 'accept' | 'still' | 'report' }
  | { readonly do: 'freeze'; readonly direction: 'toServer' | 'toClient' | 'both' }
  /** The peer sends an event, or several in one turn; without data, each has its number. */
  | { readonly do: 'send'; readonly name: string; readonly data?: string; readonly count?: number }
  | { readonly do: 'request'; readonly name: string; readonly data: unknown }
  /** The peer sends `down` that many times a second, with the numbers from 0 on, until the call of `still`. */
  | { readonly do: 'flow'; readonly rate: number }

/** What has happened on the side of the hub. */
export interface RemoteReport {
  /** The data of all `up`, in order. */
  readonly up: readonly unknown[]
  readonly ends: readonly PeerEnd[]
  /** The outcomes of all messages to the client. */
  readonly settled: readonly string[]
  readonly sessions: number
  readonly connected: number
  readonly connections: number
  readonly resumed: number
}

/** A hub and a proxy that run in another process. */
export interface RemotePair extends AsyncDisposable {
  /** Where the client dials, through the proxy. */
  readonly url: string
  tell(order: Order): Promise<unknown>
  /** Waits until all that was sent to the client has an outcome. */
  report(): Promise<RemoteReport>
}

export async function openRemotePair(server: string): Promise<RemotePair> {
  const ask = async (order: object): Promise<unknown> => {
    const response = await fetch(server, { method: 'POST', body: JSON.stringify(order) })
    return response.json()
  }
  const { id, url } = (await ask({ do: 'open' })) as { readonly id: string; readonly url: string }
  const tell = async (order: Order): Promise<unknown> => {
    const result = await ask({ ...order, id })
    const { error } = (result ?? {}) as { readonly error?: string }
    if (error !== undefined) throw new Error(error)
    return result
  }
  return {
    url,
    tell,
    report: async () => (await tell({ do: 'report' })) as RemoteReport,
    [Symbol.asyncDispose]: async () => void (await tell({ do: 'close' })),
  }
}
