import { beforeAll, describe, expect, it } from 'vitest'
import { tsxErrors } from '../support/type-check.ts'

/** A program with a mistake, and what the compiler says of it. */
export type Mistake = readonly [code: string, text: string]

const composables = 'useChannel, useClient, useConnection, useEvent, usePresence, useRequest'

/** Describes what users see when they err, with a client that is registered in a package of bindings. */
export function describeRegistered(name: string, mistakes: readonly Mistake[]): void {
  const registered = `import { createClient } from 'holdfast'
import { ${composables} } from '${name}'
interface Chat { toClient: { 'chat.message': { text: string }; 'room.closed': undefined }; toServer: { typing: string; find(id: number): string }; channels: { room: { message: { text: string } } } }
const client = createClient<Chat>({ url: 'ws://localhost' })
declare module '${name}' { interface Register { client: typeof client } }
`
  describe('a registered client', () => {
    let errors: string[]
    // As one program, because the compiler reads the libraries once then.
    beforeAll(() => {
      errors = tsxErrors(registered + mistakes.map(([code]) => code).join('\n'))
      expect(errors).toHaveLength(mistakes.length)
    })

    it.each(mistakes.map(([code, text], index) => [code, text, index] as const))(
      '%s says: %s',
      (_, text, index) => {
        expect(errors[index]).toBe(`${6 + index}: ${text}`)
      },
    )
  })
}
