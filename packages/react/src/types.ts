import type { AnyContract, Client } from 'holdfast'

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

/** The type of the client in {@link Register}; any client without one. */
export type RegisteredClient = Register extends { readonly client: Client<infer C> } ? Client<C> : Client
