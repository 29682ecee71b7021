import { given } from '@holdfast/protocol'
import type { AnyContract, Contract, ContractOf, Schemas } from '@holdfast/protocol'
import type { Client } from './client.ts'
import { createClient as createCoreClient } from './create-client.ts'
import { names } from './options.ts'
import type { ClientOptions } from './options.ts'
import { defaultWire } from './wire/plain.ts'

/**
 * Creates a client. Has no side effects: no socket, timer, listener or global until `connect()`.
 *
 * @throws {HoldfastError} `misuse`
 * @example
 * const client = createClient<Chat>({ url: 'wss://example.com/ws' })
 * client.on('chat', ({ message }) => console.log(message))
 * client.send('chat', { message: 'hi' })
 * void client.connect()
 */
export function createClient<S extends Schemas>(
  options: ClientOptions & { readonly contract: S },
): Client<ContractOf<S>>
export function createClient<C extends Contract = AnyContract>(options: ClientOptions): Client<C>
/* @__NO_SIDE_EFFECTS__ */
export function createClient(options?: ClientOptions): Client {
  const chosen = given(options, names) as ClientOptions
  return createCoreClient({ ...chosen, wire: chosen.wire ?? defaultWire() })
}
