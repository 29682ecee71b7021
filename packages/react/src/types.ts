import type { AnyContract, Client, Handler } from 'holdfast'

/**
 * Where an application says once which client its provider holds, so that the hooks know its contract.
 *
 * @example
 * declare module '@holdfast/react' {
 *   interface Register {
 *     client: typeof client
 *   }
 * }
 */
export interface Register {}

/** The contract of the client in {@link Register}; any name and unknown data without one. */
export type RegisteredContract = Register extends { readonly client: Client<infer C> } ? C : AnyContract

/** The names of the events that a server sends by a contract. */
export type EventName<C> = Parameters<Client<C>['on']>[0]

/** What handles an event of that name: the same as for `client.on`. */
export type EventHandler<C, Name> = Handler<Name extends keyof Events<C> ? Events<C>[Name] : never>

type Events<C> = C extends { readonly toClient: infer Names extends object } ? Names : object

/** The part of a client that {@link useConnection} uses. */
export type ConnectionLike = Pick<Client, 'state' | 'subscribe'>
