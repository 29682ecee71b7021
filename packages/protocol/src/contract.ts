import type { RequestSchema, Schemas } from './schema.ts'

/**
 * The messages of both ends, by direction. Keys are the names of events, values the types of their data; a function
 * type is a request, with its input and its answer. `channels` has the events of channels by kind, and `presence` the
 * data of their members.
 *
 * @example
 * interface Chat {
 *   toClient: { 'chat.message': { from: string; text: string } }
 *   toServer: { 'chat.typing': { room: string }; 'chat.send'(draft: { text: string }): { id: number } }
 *   channels: { room: { message: { from: string; text: string } } }
 *   presence: { room: { name: string } }
 * }
 */
export interface Contract {
  readonly toClient?: object
  readonly toServer?: object
  readonly channels?: object
  readonly presence?: object
}

/** The contract of a client without a contract: any name, and data that has to be checked before use. */
export interface AnyContract {
  readonly toClient: Record<string, unknown>
  readonly toServer: Record<string, unknown>
  readonly channels: Record<string, Record<string, unknown>>
  readonly presence: Record<string, unknown>
}

/** The contract that `schemas()` describes: sends accept the input of a schema, handlers receive its output. */
export interface ContractOf<S extends Schemas> {
  readonly toClient: EntriesOf<NonNullable<S['schemas']['toClient']>, 'output'>
  readonly toServer: EntriesOf<NonNullable<S['schemas']['toServer']>, 'input'>
  readonly channels: ChannelsOf<NonNullable<S['schemas']['channels']>>
}

/** The same contract from the perspective of the server. */
export interface ServerContractOf<S extends Schemas> {
  readonly toClient: EntriesOf<NonNullable<S['schemas']['toClient']>, 'input'>
  readonly toServer: EntriesOf<NonNullable<S['schemas']['toServer']>, 'output'>
  readonly channels: ChannelsOf<NonNullable<S['schemas']['channels']>>
}

/** The data of an event that both ends publish and receive, in a contract of schemas. */
export interface SchemaData<Input, Output> {
  readonly '~input': Input
  readonly '~output': Output
}

type ChannelsOf<All> = {
  [Kind in keyof All]: {
    [Name in keyof All[Kind]]: SchemaData<InputOf<All[Kind][Name]>, OutputOf<All[Kind][Name]>>
  }
}

// The sender writes the input of a schema; the receiver reads its output.
type EntriesOf<Entries, End extends 'input' | 'output'> = {
  [Name in keyof Entries]: Entries[Name] extends infer Entry
    ? Entry extends RequestSchema
      ? End extends 'input'
        ? (input: InputOf<Entry['input']>) => OutputOf<Entry['output']>
        : (input: OutputOf<Entry['input']>) => InputOf<Entry['output']>
      : End extends 'input'
        ? InputOf<Entry>
        : OutputOf<Entry>
    : never
}

type InputOf<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? Member<T, 'input'>
  : never
type OutputOf<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? Member<T, 'output'>
  : never
type Member<T, Key extends string> = NonNullable<T> extends Record<Key, infer Value> ? Value : never

type AnyFunction = (...args: never) => unknown

type Side<C, Direction extends 'toClient' | 'toServer'> =
  C extends Readonly<Record<Direction, infer Names extends object>> ? Names : object

/** The names of the events of one direction. */
export type EventName<C, Direction extends 'toClient' | 'toServer'> = keyof {
  [Name in keyof Side<C, Direction> as Side<C, Direction>[Name] extends AnyFunction ? never : Name]: true
} &
  string

/** The data of an event. */
export type EventData<C, Direction extends 'toClient' | 'toServer', Name> = Name extends keyof Side<
  C,
  Direction
>
  ? Side<C, Direction>[Name]
  : never

/** The names of the requests of one direction: by default, those that the server answers. */
export type RequestName<
  C,
  Direction extends 'toClient' | 'toServer' = 'toServer',
> = string extends keyof Side<C, Direction>
  ? string
  : keyof {
      [Name in keyof Side<C, Direction> as Side<C, Direction>[Name] extends AnyFunction ? Name : never]: true
    } &
      string

/** The arguments of `send` after the name: the data, which is optional if it may be undefined, and options. */
export type EventArguments<Data, Options> = undefined extends Data
  ? [data?: Data, options?: Options]
  : [data: Data, options?: Options]

/** The arguments of `request` after the name: the input, unless there is none, and options. */
export type RequestArguments<
  C,
  Name,
  Options,
  Direction extends 'toClient' | 'toServer' = 'toServer',
> = EventArguments<RequestInput<C, Direction, Name>, Options>

/** The input of a request; undefined if it has none. */
export type RequestInput<C, Direction extends 'toClient' | 'toServer', Name> =
  EventData<C, Direction, Name> extends (...inputs: infer Inputs) => unknown
    ? Inputs extends readonly [infer Input, ...unknown[]]
      ? Input
      : undefined
    : unknown

/** The answer of a request. */
export type RequestAnswer<C, Name, Direction extends 'toClient' | 'toServer' = 'toServer'> =
  EventData<C, Direction, Name> extends (...inputs: never) => infer Answer ? Awaited<Answer> : unknown

type Kinds<C> = C extends { readonly channels: infer Own extends object } ? Own : object

/** The kinds of channels. */
export type ChannelKind<C> = keyof Kinds<C> & string

/** The names of channels: `kind` or `kind:id`. */
export type ChannelName<C> = ChannelKind<C> | `${ChannelKind<C>}:${string}`

/** The kind of a channel, by its name. */
export type KindOf<C, Name extends string> =
  string extends ChannelKind<C> ? string : Name extends `${infer Kind}:${string}` ? Kind : Name

type Publications<C, Kind> = Kind extends keyof Kinds<C> ? Kinds<C>[Kind] : object

/** The names of the events of a kind of channels. */
export type ChannelEvent<C, Kind> = keyof Publications<C, Kind> & string

/** The data of an event of a channel: as it is published (`input`), or as it is received (`output`). */
export type ChannelData<C, Kind, Event, End extends 'input' | 'output'> = Event extends keyof Publications<
  C,
  Kind
>
  ? Publications<C, Kind>[Event] extends SchemaData<infer Input, infer Output>
    ? End extends 'input'
      ? Input
      : Output
    : Publications<C, Kind>[Event]
  : never

/** The data of a member of a channel; unknown without a type in the contract. */
export type PresenceData<C, Kind> = C extends { readonly presence: infer Members }
  ? Kind extends keyof Members
    ? Members[Kind]
    : unknown
  : unknown
