// Written by `node test/package/api.ts --accept`.
import { Client, Handler, EventData, AnyContract, ClientState, EventName } from 'holdfast'
import { ReactNode, ReactElement } from 'react'
interface Register {}
type RegisteredContract = Register extends {
  readonly client: Client<infer C>
}
  ? C
  : AnyContract
type EventHandler<C, Name> = Handler<EventData<C, 'toClient', Name>>
type ConnectionLike = Pick<Client, 'state' | 'subscribe'>
interface HoldfastProviderProps {
  readonly client: Client<RegisteredContract>
  readonly connect?: boolean
  readonly children?: ReactNode
}
declare function HoldfastProvider({ client, connect, children }: HoldfastProviderProps): ReactElement
declare function useClient<C = RegisteredContract>(): Client<C>
type Selector<T> = (state: ClientState) => T
declare function useConnection<T>(client: ConnectionLike, selector: Selector<T>): T
declare function useConnection<T>(selector: Selector<T>): T
declare function useEvent<C, Name extends string & EventName<C, 'toClient'>>(
  client: Client<C>,
  name: Name,
  handler: EventHandler<C, Name>,
): void
declare function useEvent<Name extends string & EventName<RegisteredContract, 'toClient'>>(
  name: Name,
  handler: EventHandler<RegisteredContract, Name>,
): void
export { HoldfastProvider, useClient, useConnection, useEvent }
export type { ConnectionLike, EventHandler, HoldfastProviderProps, Register, RegisteredContract }
