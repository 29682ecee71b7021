import { expectNothingLeft } from '../support/leaks.ts'
import { testLateAnswers } from './late-answers-suite.ts'
import { openProcessStage } from './stage.ts'

expectNothingLeft()

testLateAnswers(openProcessStage)
