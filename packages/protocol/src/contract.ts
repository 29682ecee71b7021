import type { RequestSchema, SchemaContract } from './schema.ts'

/**
 * The messages of both ends, by direction. Keys are the names of events, values the types of their data; a function
 * type is a request, with its input and its answer.
 *
 * @example
 * interface Chat {
 *   toClient: { 'chat.message': { from: string; text: string } }
 *   toServer: { 'chat.typing': { room: string }; 'chat.send'(draft: { text: string }): { id: number } }
 * }
 */
export interface Contract {
  readonly toClient?: object
  readonly toServer?: object
}

/** The contract of a client without a contract: any name, and data that has to be checked before use. */
export interface AnyContract {
  readonly toClient: Record<string, unknown>
  readonly toServer: Record<string, unknown>
}

/** The contract that a set of schemas describes: sends accept the input of a schema, handlers receive its output. */
export interface ContractOf<S extends SchemaContract> {
  readonly toClient: EntriesOf<NonNullable<S['toClient']>, 'output'>
  readonly toServer: EntriesOf<NonNullable<S['toServer']>, 'input'>
}

/** The same contract from the perspective of the server. */
export interface ServerContractOf<S extends SchemaContract> {
  readonly toClient: EntriesOf<NonNullable<S['toClient']>, 'input'>
  readonly toServer: EntriesOf<NonNullable<S['toServer']>, 'output'>
}

// The sender writes the input of a schema; the receiver reads its output.
type EntriesOf<Schemas, End extends 'input' | 'output'> = {
  [Name in keyof Schemas]: Schemas[Name] extends infer Entry
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
