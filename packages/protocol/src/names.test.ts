import { expect, it } from 'vitest'
import { checkNames } from './names.ts'

it('names that are not known are refused, with those that are', () => {
  checkNames([], 'a, b')
  checkNames(['b', 'a'], 'a, b')
  for (const name of ['c', '', 'a, b', 'constructor'])
    expect(() => checkNames(['a', name], 'a, b')).toThrow(`'${name}' is not one of a, b`)
})
