import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastProvider, useClient, useConnection, useEvent } from '@holdfast/react'
import { createClient, schemas } from 'holdfast'
import type { Client } from 'holdfast'
import { createElement } from 'react'
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { tsxErrors } from '../support/type-check.ts'

interface Chat {
  toClient: {
    'chat.message': { from: string; text: string }
    'room.closed': undefined
    confirm(question: string): boolean
  }
  toServer: { 'chat.typing': { room: string } }
}

const url = 'ws://localhost'
const client = createClient<Chat>({ url })

/** Checked by the compiler, never run. */
const compiles = (_check: () => unknown): void => {}

describe('the hooks of React', () => {
  it('hooks type events like the client', () => {
    compiles(() => {
      useEvent(client, 'chat.message', (message) =>
        expectTypeOf(message).toEqualTypeOf<{ from: string; text: string }>(),
      )
      useEvent(client, 'room.closed', (nothing) => expectTypeOf(nothing).toEqualTypeOf<undefined>())
      const name = 'chat.message' as 'chat.message' | 'room.closed'
      useEvent(client, name, (data) =>
        expectTypeOf(data).toEqualTypeOf<{ from: string; text: string } | undefined>(),
      )
      // @ts-expect-error the name is not in the contract
      useEvent(client, 'chat.mesage', () => {})
      // @ts-expect-error what goes to the server does not come from it
      useEvent(client, 'chat.typing', () => {})
      // @ts-expect-error a request is not an event
      useEvent(client, 'confirm', () => {})
      // @ts-expect-error the handler wants something else
      useEvent(client, 'chat.message', (message: { text: number }) => message)
      // @ts-expect-error there is no handler
      useEvent(client, 'chat.message')
    })
  })

  it('hooks type events by schemas', () => {
    compiles(() => {
      const at = z.object({ time: z.string().transform((text) => new Date(text)) })
      const checked = createClient({ url, contract: schemas({ toClient: { at } }) })
      useEvent(checked, 'at', (data) => expectTypeOf(data).toEqualTypeOf<{ time: Date }>())
      // @ts-expect-error the name is not in the contract
      useEvent(checked, 'on', () => {})
    })
  })

  it('hooks without a contract allow any name, and data is unknown', () => {
    compiles(() => {
      useEvent(createClient({ url }), 'whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      useEvent('whatever', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
      expectTypeOf(useClient()).toEqualTypeOf<Client>()
      expectTypeOf(useClient<Chat>()).toEqualTypeOf<Client<Chat>>()
    })
  })

  it('hooks type the selected value', () => {
    compiles(() => {
      expectTypeOf(useConnection(client, (state) => state.attempt)).toEqualTypeOf<number>()
      expectTypeOf(useConnection((state) => state.cause?.code)).toEqualTypeOf<number | undefined>()
      // @ts-expect-error the state has no such member
      useConnection(client, (state) => state.rtt)
      // @ts-expect-error not a client
      useConnection({}, (state: { attempt: number }) => state.attempt)
    })
  })

  it('a provider accepts any client', () => {
    compiles(() => {
      createElement(HoldfastProvider, { client: createClient({ url }) })
      createElement(HoldfastProvider, { client, connect: true }, 'text')
      // @ts-expect-error there is no client
      createElement(HoldfastProvider, {})
    })
  })
})

const registered = `import { createClient } from 'holdfast'
import { useClient, useConnection, useEvent } from '@holdfast/react'
interface Chat { toClient: { 'chat.message': { text: string }; 'room.closed': undefined } }
const client = createClient<Chat>({ url: 'ws://localhost' })
declare module '@holdfast/react' { interface Register { client: typeof client } }
`
const wrongName = `Argument of type '"x"' is not assignable to parameter of type '"chat.message" | "room.closed"'.`

describe('a registered client', () => {
  const mistakes: readonly (readonly [code: string, text: string])[] = [
    [`useEvent('x', () => {})`, wrongName],
    [`useEvent(client, 'x', () => {})`, wrongName],
    [`useClient().on('x', () => {})`, wrongName],
    [
      `useEvent('chat.message', ({ txt }) => txt)`,
      `Property 'txt' does not exist on type '{ text: string; }'.`,
    ],
    [`useConnection((state) => state.rtt)`, `Property 'rtt' does not exist on type 'ClientState'.`],
  ]
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

it('every example in the guide to the hooks compiles', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../packages/react/README.md'), 'utf8')
  const [first = '', ...rest] = [...guide.matchAll(/^```tsx\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
  expect(rest).toHaveLength(2)
  expect(guide.split('\n').length).toBeLessThan(120)
  const others = rest.map((code) => code.replace(`'./client'`, `'./program-0.tsx'`))
  expect(tsxErrors(first, ...others)).toEqual([])
})
