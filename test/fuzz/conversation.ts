// What a client says once it has asked for an upgrade: frames with messages, and invalid frames.
import { corpus } from '../../packages/protocol/test/fuzz/corpus.ts'
import { mutateBytes, mutateText } from '../../packages/protocol/test/fuzz/mutate.ts'
import { pick } from '../../packages/protocol/test/fuzz/random.ts'
import type { Random } from '../../packages/protocol/test/fuzz/random.ts'
import { closeFrame, encodeClientFrame, opcodes, textFrame } from './frames.ts'

const texts = corpus.flatMap(({ message }) => (typeof message === 'string' ? [message] : []))
const binaries = corpus.flatMap(({ message }) => (typeof message === 'string' ? [] : [message]))
const greeting = '["hi",{"v":1,"client":"c7","n":1,"window":[1024,1048576],"maxPayload":1048576}]'

/** What a client says after its request, most of the time a greeting first. */
export function makeConversation(random: Random): Buffer[] {
  const parts: Buffer[] = []
  if (random(3) > 0) {
    parts.push(textFrame(random(4) > 0 ? greeting : mutateText(random, greeting, texts)))
    if (random(2) > 0) parts.push(textFrame('["a",0]'))
    if (random(3) === 0) parts.push(textFrame('[1,0,"ask",[1],{"id":1}]'))
  }
  for (let left = random(4); left > 0; left--) parts.push(makeFrame(random))
  if (random(20) === 0) parts.push(textFrame(`["token","${'x'.repeat(70_000)}"]`))
  if (random(8) === 0) parts.push(closeFrame(pick(random, [1000, 1001, 4400, 4999])))
  return parts
}

function makeFrame(random: Random): Buffer {
  const text = (): Buffer =>
    Buffer.from(random(2) > 0 ? pick(random, texts) : mutateText(random, pick(random, texts), texts))
  switch (random(9)) {
    case 0:
    case 1:
      return encodeClientFrame({ opcode: opcodes.text, payload: text() })
    case 2:
      return encodeClientFrame({ opcode: opcodes.binary, payload: pick(random, binaries) })
    case 3:
      return encodeClientFrame({
        opcode: opcodes.binary,
        payload: mutateBytes(random, pick(random, binaries), binaries),
      })
    case 4:
      return encodeClientFrame({
        opcode: random(16),
        payload: random(2) > 0 ? text() : Buffer.alloc(random(200)),
        isFinal: random(2) > 0,
        reserved: random(3) > 0 ? 0 : random(8),
        isMasked: random(4) > 0,
      })
    case 5:
      return encodeClientFrame({
        opcode: opcodes.text,
        payload: text(),
        claimedLength: pick(random, [0, 125, 126, 65_535, 65_536, 66_561, 1_048_576, 1_048_577, 2 ** 53 - 1]),
        lengthBytes: pick(random, [0, 2, 8]),
      })
    case 6:
      return closeFrame(
        pick(random, [0, 999, 1000, 1004, 1005, 1006, 1012, 1015, 2999, 3000, 5000, 65_535]),
        'x',
      )
    case 7:
      return encodeClientFrame({
        opcode: pick(random, [opcodes.ping, opcodes.pong, opcodes.close]),
        payload: Buffer.alloc(pick(random, [0, 1, 125, 126]), 0xed),
      })
    default:
      return Buffer.from(mutateBytes(random, new Uint8Array(textFrame(greeting)), binaries))
  }
}
