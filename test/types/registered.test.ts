import { beforeAll, describe, expect, it } from 'vitest'
import { tsxErrors } from '../support/type-check.ts'

/** The packages of bindings, and the type under which each accepts a name. */
const bindings: readonly (readonly [name: string, nameOf: (names: string) => string])[] = [
  ['@holdfast/react', (names) => names],
  ['@holdfast/vue', (names) => `MaybeRefOrGetter<${names}>`],
  ['@holdfast/svelte', (names) => `NameOrGetter<${names}>`],
]

const composables = 'useChannel, useClient, useConnection, useEvent, usePresence, useRequest'
/** A client that is registered in a package of bindings. A mistake is on the sixth line or a later one. */
const registered = (name: string): string => `import { createClient } from 'holdfast'
import { ${composables} } from '${name}'
interface Chat { toClient: { 'chat.message': { text: string }; 'room.closed': undefined }; toServer: { typing: string; find(id: number): string }; channels: { room: { message: { text: string } } } }
const client = createClient<Chat>({ url: 'ws://localhost' })
declare module '${name}' { interface Register { client: typeof client } }
`

const isWrong = (what: string, parameter: string): string =>
  `Argument of type '${what}' is not assignable to parameter of type '${parameter}'.`
const noText = `Property 'txt' does not exist on type '{ text: string; }'.`
const names = '"chat.message" | "room.closed"'
const kinds = '"room" | `room:${string}`'

/** Programs with a mistake, and what the compiler says of each. */
const mistakes: readonly (readonly [code: string, text: (nameOf: (names: string) => string) => string])[] = [
  [`useEvent('x', () => {})`, (nameOf) => isWrong('"x"', nameOf(names))],
  [`useEvent(client, 'x', () => {})`, (nameOf) => isWrong('"x"', nameOf(names))],
  [`useClient().on('x', () => {})`, () => isWrong('"x"', names)],
  [`useEvent('chat.message', ({ txt }) => txt)`, () => noText],
  [`useChannel('romm:1')`, (nameOf) => isWrong('"romm:1"', nameOf(kinds))],
  [`usePresence('x')`, (nameOf) => isWrong('"x"', nameOf(kinds))],
  [`useChannel('room:1', { on: { message: ({ txt }) => txt } })`, () => noText],
  [`useRequest('typing')`, (nameOf) => isWrong('"typing"', nameOf('"find"'))],
  [`useRequest('find').send('x')`, () => isWrong('string', 'number')],
  [`useConnection((state) => state.rtt)`, () => `Property 'rtt' does not exist on type 'ClientState'.`],
]

describe('a registered client', () => {
  let errors: string[]
  // As one program, because the compiler reads the libraries once then.
  beforeAll(() => {
    const lines = mistakes.map(([code]) => code).join('\n')
    errors = tsxErrors(...bindings.map(([name]) => registered(name) + lines))
    expect(errors).toHaveLength(bindings.length * mistakes.length)
  })

  const cases = bindings.flatMap(([name, nameOf], place) =>
    mistakes.map(
      ([code, text], index) => [name, code, text(nameOf), index, place * mistakes.length + index] as const,
    ),
  )
  it.each(cases)('of %s: %s says: %s', (_name, _code, text, index, place) => {
    expect(errors[place]).toBe(`${6 + index}: ${text}`)
  })
})
