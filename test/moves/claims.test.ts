import { expectNothingLeft } from '../support/leaks.ts'
import { testClaims } from './claims-suite.ts'
import { openLocalStage } from './stage.ts'

expectNothingLeft()

testClaims(openLocalStage)
