/** What users see when they err, under every compiler that they may have. */
export const errorTexts: readonly (readonly [code: string, text: string])[] = [
  [
    `client.send('room.leeve')`,
    `Argument of type '"room.leeve"' is not assignable to parameter of type '"chat.typing" | "room.leave"'.`,
  ],
  [`client.send('chat.typing', { room: 7 })`, `Type 'number' is not assignable to type 'string'.`],
  [`client.send('chat.typing')`, 'Expected 2-3 arguments, but got 1.'],
  [
    `client.on('x', () => {})`,
    `Argument of type '"x"' is not assignable to parameter of type '"chat.message" | "room.closed"'.`,
  ],
  [
    `events(client, 'x')`,
    `Argument of type '"x"' is not assignable to parameter of type '"chat.message" | "room.closed"'.`,
  ],
  [
    `client.request('chat.send', 7)`,
    `Argument of type 'number' is not assignable to parameter of type '{ text: string; }'.`,
  ],
  [
    `client.handle('confirm', () => 'yes')`,
    `Type 'string' is not assignable to type 'boolean | Promise<boolean>'.`,
  ],
  [
    `hub.on('chat.tping', () => {})`,
    `Argument of type '"chat.tping"' is not assignable to parameter of type '"chat.typing" | "room.leave"'.`,
  ],
  [`hub.broadcast('chat.message', { text: 7 })`, `Type 'number' is not assignable to type 'string'.`],
  [
    `hub.handle('chat.send', ({ txt }) => ({ id: txt }))`,
    `Property 'txt' does not exist on type '{ text: string; }'.`,
  ],
  [
    `hub.channel('romm:1')`,
    `Argument of type '"romm:1"' is not assignable to parameter of type '"room" | \`room:\${string}\`'.`,
  ],
  [
    `hub.channel('room:1').publish('mesage', { text: 'hi' })`,
    `Argument of type '"mesage"' is not assignable to parameter of type '"message"'.`,
  ],
  [
    `hub.channel('room:1').publish('message', { text: 7 })`,
    `Type 'number' is not assignable to type 'string'.`,
  ],
  [`hub.channel('room:1').publish('message')`, 'Expected 2-3 arguments, but got 1.'],
  [
    `pair.server.send('room.clsed')`,
    `Argument of type '"room.clsed"' is not assignable to parameter of type '"chat.message" | "room.closed"'.`,
  ],
]

/** What stands before the code of each; the code is the seventh line. */
export const contract = `import { createClient, events } from 'holdfast'; import { createHub } from '@holdfast/server'; import { createTestPair } from '@holdfast/testing'
interface Chat {
  toClient: { 'chat.message': { text: string }; 'room.closed': undefined; confirm(question: string): boolean }
  toServer: { 'chat.typing': { room: string }; 'room.leave': undefined; 'chat.send'(draft: { text: string }): { id: number } }; channels: { room: { message: { text: string } } }
}
const client = createClient<Chat>({ url: 'ws://localhost' }), hub = createHub<Chat>(), pair = createTestPair<Chat>({ createClient })
`
