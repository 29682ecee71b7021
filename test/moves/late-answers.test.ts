import { expectNothingLeft } from '../support/leaks.ts'
import { testLateAnswers } from './late-answers-suite.ts'
import { openLocalStage } from './stage.ts'

expectNothingLeft()

testLateAnswers(openLocalStage, 3_000)
