import { beforeAll, expect, it } from 'vitest'
import { typeErrors } from '../support/type-check.ts'
import { contract, errorTexts } from './error-texts.ts'

// As one program, because the compiler reads the libraries once then.
let errors: string[]
beforeAll(() => {
  errors = typeErrors(...errorTexts.map(([code]) => contract + code))
  expect(errors).toHaveLength(errorTexts.length)
})

it.each(errorTexts.map(([code, text], index) => [code, text, index] as const))(
  '%s says: %s',
  (_, text, index) => {
    expect(errors[index]).toBe(`7: ${text}`)
  },
)
