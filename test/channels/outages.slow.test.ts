import { test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { expectHealing } from './outages.ts'

expectNothingLeft()

test('50 subscribers on paths that keep breaking, and a planned restart: each gets every publication once and in order, or is notified of the gap first, at 200 publications a second', () =>
  expectHealing(200))
