import { HoldfastError, misuse } from './errors.ts'
import type {
  Checks,
  RequestSchema,
  SchemaContract,
  SchemaIssue,
  SchemaResult,
  Schemas,
  StandardSchema,
} from './schema.ts'

/**
 * Creates a contract from schemas, by which both ends validate what they send, what they receive, and answers to requests.
 *
 * Accepts schemas of any library that implements Standard Schema, such as zod, valibot or arktype. A request has one for its
 * `input` and one for its `output`; the events of channels are grouped by the kind of the channel. An asynchronous schema is
 * refused when it is used. Data is validated and sent unchanged; handlers receive the output of the schema.
 *
 * @example
 * import { createClient, schemas } from 'holdfast'
 * import { z } from 'zod'
 *
 * const contract = schemas({
 *   toClient: { 'chat.message': z.object({ text: z.string() }) },
 *   toServer: { 'chat.send': { input: z.object({ text: z.string() }), output: z.object({ id: z.number() }) } },
 * })
 * const client = createClient({ url: 'wss://example.com/ws', contract })
 * @see https://standardschema.dev
 */
/* @__NO_SIDE_EFFECTS__ */
export function schemas<const S extends SchemaContract>(contract: S): Schemas<S> {
  return {
    schemas: contract,
    toClient: createChecks(contract.toClient),
    toServer: createChecks(contract.toServer),
    channels: new Map(
      Object.entries(contract.channels ?? {}).map(([kind, events]) => [kind, createChecks(events)]),
    ),
  }
}

function createChecks(direction: SchemaContract['toClient'] = {}): Checks {
  // Not a look-up in the object: a name may be that of an inherited member, such as `constructor`.
  const entries = new Map(Object.entries(direction))

  const requestOf = (name: string): RequestSchema => {
    const entry = entries.get(name)
    if (entry && 'input' in entry) return entry
    throw misuse(`'${name}' is not a request in the contract`)
  }
  const eventOf = (name: string): StandardSchema | undefined => {
    const entry = entries.get(name)
    return entry && 'input' in entry ? undefined : entry
  }

  return {
    message(name, data, isRequest) {
      const schema = isRequest ? requestOf(name).input : eventOf(name)
      if (!schema) throw misuse(`'${name}' is not an event in the contract`)
      const { issues } = validate(schema, data)
      if (issues)
        throw new HoldfastError('misuse', `'${name}' does not fit its schema: ${issues[0]?.message}`, {
          data: issues,
        })
    },
    answer(name, data) {
      const result = validate(requestOf(name).output, data)
      if (!result.issues) return result.value
      throw new HoldfastError('invalid', 'the answer does not fit its schema', { data: result.issues })
    },
    event(name, data, invalid, ...from) {
      const schema = eventOf(name)
      let issues: readonly SchemaIssue[] | undefined
      try {
        const result = schema && validate(schema, data)
        if (result && !result.issues) return result
        issues = result?.issues
      } catch (error) {
        invalid({ reason: 'schema', name, data, error }, ...from)
        return undefined
      }
      invalid(
        issues ? { reason: 'schema', name, data, issues } : { reason: 'unknown-name', name, data },
        ...from,
      )
      return undefined
    },
    request(name, handler, invalid) {
      const { input, output } = requestOf(name)
      return async (data, ...rest) => {
        const checked = validate(input, data)
        if (checked.issues) {
          const { issues } = checked
          invalid({ reason: 'schema', name, data, issues }, ...rest)
          throw new HoldfastError('remote', 'the input does not fit its schema', {
            reason: 'invalid',
            data: issues.map(describeIssue),
          })
        }
        const answer = await handler(checked.value as never, ...rest)
        const { issues } = validate(output, answer)
        if (issues)
          throw misuse(`the answer to '${name}' does not fit its schema: ${issues[0]?.message}`, issues)
        return answer
      }
    },
  }
}

/** @throws {HoldfastError} `misuse` for a schema that is asynchronous, or that throws */
function validate(schema: StandardSchema, value: unknown): SchemaResult<unknown> {
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

/** The part of an issue that all libraries share, as JSON. */
function describeIssue({ message, path }: SchemaIssue): object {
  const keys = path?.map((step) => {
    const key: unknown = typeof step === 'object' ? step.key : step
    return typeof key === 'number' ? key : String(key)
  })
  return { message, ...(keys && { path: keys }) }
}
