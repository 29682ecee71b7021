import { misuse } from './errors.ts'

/**
 * A schema of any library that keeps to Standard Schema, such as zod, valibot or arktype.
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

/** What a schema says of a value: the value it made of it, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The schemas of a request and of its answer. */
export interface RequestSchema {
  readonly input: StandardSchema
  readonly output: StandardSchema
}

/** A contract made of schemas, to be checked at run time on both sides of the wire. */
export interface SchemaContract {
  readonly toClient?: Readonly<Record<string, StandardSchema | RequestSchema>>
  readonly toServer?: Readonly<Record<string, StandardSchema | RequestSchema>>
}

/** @throws {HoldfastError} `misuse` for a schema that is asynchronous, or that throws */
export function validate(schema: StandardSchema, value: unknown): SchemaResult<unknown> {
  let result: ReturnType<StandardSchema['~standard']['validate']>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    throw misuse('a schema of the contract threw', error)
  }
  if ('then' in result) {
    result.then(undefined, () => {})
    throw misuse('a schema of a contract must be synchronous')
  }
  return result
}
