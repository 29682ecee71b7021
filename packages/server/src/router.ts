import { HoldfastError, misuse, validate } from '@holdfast/protocol'
import type {
  Answerer,
  RequestContext,
  RequestSchema,
  SchemaContract,
  SchemaIssue,
  StandardSchema,
} from '@holdfast/protocol'
import type { InvalidMessage, UnhandledMessage } from './hub.ts'
import { createListeners } from './listeners.ts'
import type { Listeners, Unsubscribe } from './listeners.ts'
import type { Peer } from './peer.ts'

/** Answers a request of a peer. */
export type RequestHandler = (input: never, peer: Peer, context: RequestContext) => unknown

/** Brings what comes in to listeners and handlers, checked by the contract if it has schemas. */
export interface Router {
  readonly on: Listeners['on']
  onAny(listener: (name: string, data: unknown, peer: Peer) => unknown): Unsubscribe
  onRaw(listener: (data: string | Uint8Array, peer: Peer) => unknown): Unsubscribe
  handle(name: string, handler: RequestHandler): Unsubscribe
  event(name: string, data: unknown, peer: Peer): void
  raw(data: string | Uint8Array, peer: Peer): void
  /** What answers a request of that peer. */
  find(name: string, peer: Peer): Answerer | undefined
}

export interface RouterPorts {
  report(error: unknown): void
  invalid(message: InvalidMessage): void
  unhandled(message: UnhandledMessage): void
}

export function createRouter(contract: SchemaContract | undefined, ports: RouterPorts): Router {
  const { report, invalid, unhandled } = ports
  const listeners = createListeners(report)
  const handlers = new Map<string, RequestHandler>()
  const schemas = contract && new Map(Object.entries(contract.toServer ?? {}))
  const requestSchema = (name: string): RequestSchema | undefined => {
    const schema = schemas?.get(name)
    return schema && 'input' in schema ? schema : undefined
  }
  // Symbols, so that no name that a client can send reaches these.
  const any = Symbol()
  const raw = Symbol()

  return {
    on: listeners.on,
    onAny: (listener) => listeners.on(any, listener),
    onRaw: (listener) => listeners.on(raw, listener),
    handle(name, handler) {
      if (typeof handler !== 'function') throw misuse('a handler must be a function')
      if (handlers.has(name)) throw misuse(`'${name}' has a handler`)
      if (schemas && !requestSchema(name)) throw misuse(`'${name}' is no request in the contract`)
      handlers.set(name, handler)
      return () => {
        if (handlers.get(name) === handler) handlers.delete(name)
      }
    },
    event(name, data, peer) {
      if (schemas) {
        const schema = schemas.get(name)
        if (!schema || 'input' in schema) return invalid({ peer, reason: 'unknown-name', name, data })
        try {
          const result = validate(schema, data)
          if (result.issues) return invalid({ peer, reason: 'schema', name, data, issues: result.issues })
          data = result.value
        } catch (error) {
          return invalid({ peer, reason: 'schema', name, data, error })
        }
      }
      if (!listeners.has(name) && !listeners.has(any)) return unhandled({ peer, name, data })
      listeners.emit(name, data, peer)
      listeners.emit(any, name, data, peer)
    },
    raw(data, peer) {
      if (listeners.has(raw)) listeners.emit(raw, data, peer)
      else unhandled({ peer, name: undefined, data })
    },
    find(name, peer) {
      const handler = handlers.get(name)
      const schema = requestSchema(name)
      if (!handler) return undefined
      if (!schema) return (input, context) => handler(input as never, peer, context)
      return async (input, context) => {
        const checked = checkInput(schema.input, input, (message) =>
          invalid({ peer, name, data: input, ...message }),
        )
        const answer = await handler(checked as never, peer, context)
        const { issues } = validate(schema.output, answer)
        if (issues)
          throw misuse(`the answer to '${name}' does not fit its schema: ${issues[0]?.message}`, issues)
        return answer
      }
    },
  }
}

/** @throws {HoldfastError} `remote`, reason `invalid`, for the client to see */
function checkInput(
  schema: StandardSchema,
  input: unknown,
  invalid: (message: Pick<InvalidMessage, 'reason' | 'issues'>) => void,
): unknown {
  const result = validate(schema, input)
  if (!result.issues) return result.value
  const { issues } = result
  invalid({ reason: 'schema', issues })
  throw new HoldfastError('remote', 'the input does not fit its schema', {
    reason: 'invalid',
    data: issues.map(describeIssue),
  })
}

/** The part of an issue that is the same in every library, and fits on the wire. */
function describeIssue({ message, path }: SchemaIssue): object {
  const keys = path?.map((step) => (typeof step === 'object' ? step.key : step))
  return { message, ...(keys && { path: keys.map((key) => (typeof key === 'symbol' ? String(key) : key)) }) }
}
