import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter } from 'vitest/node'

/** Names the file in which the tests of a run are listed that passed only when they were run again. */
export const retriedVariable = 'HOLDFAST_RETRIED_TESTS'

/** Adds to that list. Steps of `npm test` that run side by side share it. */
export function listRetried(file: string, root: string): Reporter {
  return {
    onTestCaseResult(test) {
      if (!test.diagnostic()?.flaky) return
      const [error] = test.attempts().flatMap(({ errors = [] }) => errors)
      const why = error?.message.replaceAll(root, '').split('\n', 1)[0] ?? ''
      const path = relative(root, test.module.moduleId)
      appendFileSync(file, `${path} (${test.project.name}): ${test.fullName}: ${why}\n`)
    },
  }
}

/** What is listed: each is a fault to be mended. */
export function retriedTests(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}
