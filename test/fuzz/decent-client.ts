import { closeFrame, decodeServerFrames, opcodes, textFrame } from './frames.ts'
import type { MemorySocket } from './memory-socket.ts'
import { requestBytes } from './requests.ts'
import { listedOrigin, listedPath } from './scene.ts'

const greeting = '["hi",{"v":1,"client":"decent","n":1,"window":[1024,1048576],"maxPayload":1048576}]'
/** How many turns of the event loop an answer may take. */
const patience = 50

/**
 * Connects, greets, sends a request, and ends the session, like a correct client.
 *
 * @throws when it is not served
 */
export async function beServed(socket: MemorySocket, turn: () => Promise<void>): Promise<void> {
  const heard = (): string[] => {
    const bytes = socket.answer
    const end = bytes.indexOf('\r\n\r\n')
    return end < 0
      ? []
      : decodeServerFrames(bytes.subarray(end + 4)).map(({ opcode, payload }) =>
          opcode === opcodes.close ? `close ${payload.readUInt16BE()}` : payload.toString(),
        )
  }
  /** Waits for a part of a message: an answer may come in a pack with other messages. */
  const hear = async (part: string): Promise<void> => {
    for (let left = patience; left > 0; left--) {
      if (heard().some((message) => message.includes(part))) return
      await turn()
    }
    throw new Error(`a decent client has not heard ${part}, but ${socket.answer.toString('latin1')}`)
  }

  socket.feed(
    requestBytes({
      lines: [
        `GET ${listedPath} HTTP/1.1`,
        'Host: example.com',
        `Origin: ${listedOrigin}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ],
    }),
  )
  await hear('["holdfast"')
  socket.feed(textFrame(greeting))
  await hear('["ok"')
  socket.feed(textFrame('["a",0]'))
  socket.feed(textFrame('[1,0,"ask","well?",{"id":1}]'))
  await hear('[2,1,null,"well?",{"re":1}]')
  socket.feed(textFrame('["a",2]'))
  socket.feed(textFrame('["bye",{"rx":2}]'))
  await hear('close 1000')
  socket.feed(closeFrame(1000))
  socket.hangUp()
}
