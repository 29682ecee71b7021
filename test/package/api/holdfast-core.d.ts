// Written by `node test/package/api.ts --accept`.
// holdfast.d.ts has: DelayRange CloseAction CloseRule CloseRules RequestHandler StandardSchema SchemaResult SchemaIssue RequestSchema SchemaContract Schemas Checks InvalidData Contract AnyContract ContractOf SchemaData ChannelsOf EntriesOf AnyFunction Side EventName EventData RequestName EventArguments RequestArguments RequestInput RequestAnswer UndeliveredReason UnknownReason Outcome Delivery LostReason Lost Handler Unsubscribe AbortSignalLike AsyncDisposeLike Clock RequestContext WaitOptions RequestOptions OutboxOptions SendOptions UnhandledMessage CauseReason Cause BackoffOptions Signal SocketLike SocketConstructor Signals Ports Diagnosis Resumption UrlSource AttemptOptions Protocols UrlContext TokenContext Wire Loss InvalidMessage ClientState Lifecycle Client DisconnectOptions DrainOptions ClientStats Store ClientOptions BackoffContext
type InputOf<S> = S extends {
  readonly '~standard': {
    readonly types?: infer T
  }
}
  ? Member<T, 'input'>
  : never
type OutputOf<S> = S extends {
  readonly '~standard': {
    readonly types?: infer T
  }
}
  ? Member<T, 'output'>
  : never
type Member<T, Key extends string> = NonNullable<T> extends Record<Key, infer Value> ? Value : never
type CoreOptions = ClientOptions & {
  readonly wire: Wire
}
declare function createClient<S extends Schemas>(
  options: CoreOptions & {
    readonly contract: S
  },
): Client<ContractOf<S>>
declare function createClient<C extends Contract = AnyContract>(options: CoreOptions): Client<C>
export { createClient }
export type { Client, CoreOptions }
