import type { AnyContract, Client, EventData, Handler } from 'holdfast'

/**
 * Registers the client of your provider once, so that the hooks know its contract.
 *
 * @example
 * const client = createClient<Chat>({ url: '/ws' })
 *
 * declare module '@holdfast/react' {
 *   interface Register {
 *     client: typeof client
 *   }
 * }
 */
export interface Register {}

/** The contract of the client in {@link Register}; any name and unknown data without one. */
export type RegisteredContract = Register extends { readonly client: Client<infer C> } ? C : AnyContract

/** What handles an event of that name: the same as for `client.on`. */
export type EventHandler<C, Name> = Handler<EventData<C, 'toClient', Name>>

/** The part of a client that {@link useConnection} uses. */
export type ConnectionLike = Pick<Client, 'state' | 'subscribe'>
