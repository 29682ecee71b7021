/** A handler of requests: takes the input, who asks where an end has several peers, and the {@link RequestContext}. */
export type RequestHandler = (...values: never[]) => unknown

/**
 * A schema of any library that implements Standard Schema, such as zod, valibot or arktype.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The result of a validation: the output value, or the issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** A validation issue. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The schemas of a request and of its answer. */
export interface RequestSchema {
  readonly input: StandardSchema
  readonly output: StandardSchema
}

/** The schemas of a contract, by direction and name. */
export interface SchemaContract {
  readonly toClient?: Readonly<Record<string, StandardSchema | RequestSchema>>
  readonly toServer?: Readonly<Record<string, StandardSchema | RequestSchema>>
  /** The events of channels, by kind. */
  readonly channels?: Readonly<Record<string, Readonly<Record<string, StandardSchema>>>>
}

/** A contract that both ends check at run time: made by `schemas()`, given to both ends as `contract`. */
export interface Schemas<S extends SchemaContract = SchemaContract> {
  /** The schemas that it was created from. */
  readonly schemas: S
  readonly toClient: Checks
  readonly toServer: Checks
  /** Those of the publications of channels, by kind. */
  readonly channels: ReadonlyMap<string, Checks>
}

/** What a contract checks of the messages of one direction. */
export interface Checks {
  /**
   * Checks the data of an event, or the input of a request, that is to be sent.
   *
   * @throws {HoldfastError} `misuse` for a name that is not in the contract, and for data that does not fit
   */
  message(name: string, data: unknown, isRequest: boolean): void
  /** Returns the answer to a request as its schema transforms it. @throws {HoldfastError} `invalid` */
  answer(name: string, data: unknown): unknown
  /** Returns the data of an inbound event as its schema transforms it, or calls `invalid` with the reason. */
  event<From extends readonly unknown[]>(
    name: string,
    data: unknown,
    invalid: (message: InvalidData, ...from: From) => void,
    ...from: From
  ): { readonly value: unknown } | undefined
  /**
   * Wraps a request handler with the schemas of its input and its answer. `invalid` is called with an input that does not fit,
   * followed by the other arguments of the handler.
   *
   * @throws {HoldfastError} `misuse` if there is no such request
   */
  request(
    name: string,
    handler: RequestHandler,
    invalid: (message: InvalidData, ...rest: never[]) => void,
  ): RequestHandler
}

/** The data of an event, or the input of a request, that came in and that the contract does not let pass. */
export interface InvalidData {
  readonly reason: 'unknown-name' | 'schema'
  readonly name: string
  readonly data: unknown
  readonly error?: unknown
  readonly issues?: readonly SchemaIssue[]
}
