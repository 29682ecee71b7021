import { expect, it } from 'vitest'
import { typeErrors } from '../support/type-check.ts'
import { contract, errorTexts } from './error-texts.ts'

it.each(errorTexts)('%s says: %s', (code, text) => {
  expect(typeErrors(contract + code)).toEqual([`7: ${text}`])
})
