import { expect, it } from 'vitest'
import { typeErrors } from '../support/type-check.ts'

const contract = `import { createClient } from 'holdfast'
interface Chat {
  toClient: { 'chat.message': { text: string }; 'room.closed': undefined }
  toServer: { 'chat.typing': { room: string }; leave: undefined; 'chat.send'(draft: { text: string }): { id: number } }
}
const client = createClient<Chat>({ url: 'ws://localhost' })
`

it.each([
  [
    `client.send('leeve')`,
    `Argument of type '"leeve"' is not assignable to parameter of type '"chat.typing" | "leave"'.`,
  ],
  [`client.send('chat.typing', { room: 7 })`, `Type 'number' is not assignable to type 'string'.`],
  [`client.send('chat.typing')`, 'Expected 2-3 arguments, but got 1.'],
  [
    `client.on('x', () => {})`,
    `Argument of type '"x"' is not assignable to parameter of type '"chat.message" | "room.closed"'.`,
  ],
  [
    `client.request('chat.send', 7)`,
    `Argument of type 'number' is not assignable to parameter of type '{ text: string; }'.`,
  ],
])('%s says: %s', (code, text) => {
  expect(typeErrors(contract + code)).toEqual([`7: ${text}`])
})
