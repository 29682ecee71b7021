import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { typeErrors } from '../support/type-check.ts'

it('every TypeScript example in the README compiles', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
  const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
  expect(examples.length).toBeGreaterThan(2)
  // An example that makes a client stands for itself; the others go on from there.
  const client = `import type { Client } from 'holdfast'\ndeclare const client: Client\nexport {}\n`
  expect(
    typeErrors(...examples.map((code) => (code.includes('createClient') ? code : client + code))),
  ).toEqual([])
})
