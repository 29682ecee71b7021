import { expectNothingLeft } from '../support/leaks.ts'
import { testClaims } from './claims-suite.ts'
import { openProcessStage } from './stage.ts'

expectNothingLeft()

testClaims(openProcessStage)
