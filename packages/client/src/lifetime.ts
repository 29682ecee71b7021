import { checkClose, HoldfastError } from '@holdfast/protocol'
import type { WaitOptions } from '@holdfast/protocol'
import type { Client } from './client.ts'
import type { Cause } from './connection/cause.ts'
import type { Connection } from './connection/connection.ts'
import type { Preparation } from './connection/preparation.ts'
import type { ClientOutbox } from './store.ts'
import type { Waits } from './waits.ts'
import type { BoundWire } from './wire/wire.ts'

/** The life of a client, from the first `connect()` to `dispose()`. */
export interface Lifetime {
  readonly methods: Pick<Client, 'connect' | 'reconnect' | 'disconnect' | 'dispose' | 'drained'>
  isDisposed(): boolean
}

export function createLifetime(
  connection: Connection,
  outbox: ClientOutbox,
  bound: BoundWire,
  waits: Waits,
  check: Preparation['check'],
): Lifetime {
  let disposed = false
  const { dispatch } = connection

  const start = (type: 'connect' | 'reconnect', wait: WaitOptions = {}): Promise<void> => {
    if (!disposed && !wait.signal?.aborted) {
      check()
      outbox.accept()
      dispatch({ type })
    }
    return waits.until(() => {
      const now = connection.state
      if (disposed) return gone()
      if (now.name === 'closed') return closedError(now.cause, now.fatal)
      return now.name === 'open' ? true : 'later'
    }, wait)
  }

  const methods: Lifetime['methods'] = {
    connect: (wait) => start('connect', wait),
    reconnect: (wait) => start('reconnect', wait),
    disconnect({ queue = 'keep', code, reason } = {}) {
      checkClose(code, reason)
      outbox.flushAll()
      dispatch({
        type: 'stop',
        cause: { reason: 'disconnect', ...(code && { code }), ...(reason && { text: reason }) },
        graceful: true,
      })
      const closed = waits.until(() => (connection.state.name === 'closing' ? 'later' : true), {})
      if (queue !== 'discard') return closed
      outbox.discard('closed')
      return closed.then(() => bound.discard('closed'))
    },
    dispose() {
      if (!disposed) {
        disposed = true
        outbox.flushAll()
        outbox.refuse('disposed')
        bound.dispose()
        dispatch({ type: 'stop', cause: { reason: 'dispose' }, graceful: false })
      }
      return Promise.resolve(outbox.dispose?.())
    },
    drained({ below = 0, ...wait } = {}) {
      return waits.until(() => {
        if (disposed) return gone()
        const buffered = connection.bufferedAmount()
        if (outbox.bytes + buffered <= below) return true
        return buffered > 0 ? 'soon' : 'later'
      }, wait)
    },
  }
  return { methods, isDisposed: () => disposed }
}

export function gone(): HoldfastError {
  return new HoldfastError('disposed', 'the client is disposed')
}

function closedError(cause: Cause, isFatal: boolean): HoldfastError {
  if (cause.reason === 'wire-mismatch') return cause.error as HoldfastError
  return isFatal
    ? new HoldfastError('connect-failed', `no connection: ${cause.reason}`, { cause })
    : new HoldfastError('disconnected', 'disconnect() was called', { cause })
}
