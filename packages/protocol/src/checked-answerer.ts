import type { Answerer } from './answers.ts'
import { HoldfastError, misuse } from './errors.ts'
import { validate } from './schema.ts'
import type { RequestSchema, SchemaIssue } from './schema.ts'

/** The input of a request that does not fit its schema. */
export interface InvalidInput {
  readonly reason: 'schema'
  readonly name: string
  readonly data: unknown
  readonly issues: readonly SchemaIssue[]
}

/**
 * A handler of requests between the schemas of its input and of its answer.
 *
 * An input that does not fit is told to `invalid`, and refused as `remote` with the reason `invalid` and the issues, without
 * the input. An answer that does not fit is not sent: that is a fault of the handler.
 */
export function checkedAnswerer(
  schema: RequestSchema,
  name: string,
  answerer: Answerer,
  invalid: (message: InvalidInput) => void,
): Answerer {
  return async (data, context) => {
    const input = validate(schema.input, data)
    if (input.issues) {
      const { issues } = input
      invalid({ reason: 'schema', name, data, issues })
      throw new HoldfastError('remote', 'the input does not fit its schema', {
        reason: 'invalid',
        data: issues.map(describeIssue),
      })
    }
    const answer = await answerer(input.value, context)
    const { issues } = validate(schema.output, answer)
    if (issues) throw misuse(`the answer to '${name}' does not fit its schema: ${issues[0]?.message}`, issues)
    return answer
  }
}

/** The part of an issue that is the same in every library, in a form that JSON can carry. */
function describeIssue({ message, path }: SchemaIssue): object {
  const keys = path?.map((step) => {
    const key: unknown = typeof step === 'object' ? step.key : step
    return typeof key === 'number' ? key : String(key)
  })
  return { message, ...(keys && { path: keys }) }
}
