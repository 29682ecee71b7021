import { limits, type Chat } from '../contract.ts'
import { cleanName } from './names.ts'

export type FramesOf<Events> = {
  [Type in keyof Events]: { readonly type: Type } & Events[Type]
}[keyof Events]

export type Outgoing = FramesOf<Chat['toClient']>

/** A validated request of a client, or why it is invalid. */
export type Incoming =
  | { readonly type: 'ping' }
  | { readonly type: 'typing' }
  | { readonly type: 'join'; readonly name: string; readonly key: string | undefined }
  | { readonly type: 'chat'; readonly message: string }
  | { readonly type: 'invalid'; readonly reason: string }

/** Parses an untrusted frame. Never throws. */
export function readFrame(data: Buffer, isBinary: boolean): Incoming {
  if (isBinary) return invalid('binary frames mean nothing here')
  let frame: unknown
  try {
    frame = JSON.parse(data.toString())
  } catch {
    return invalid('not JSON')
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return invalid('not a JSON object')
  return checkFrame({ ...frame })
}

/** The same for parsed JSON. */
export function checkFrame({ type, name, key, message }: Readonly<Record<string, unknown>>): Incoming {
  switch (type) {
    case 'ping':
    case 'typing':
      return { type }
    case 'join':
      if (typeof name !== 'string') return invalid('join needs a name')
      return { type, name: cleanName(name), key: typeof key === 'string' ? key : undefined }
    case 'chat':
      return typeof message === 'string' ? readMessage(message) : invalid('chat needs a message')
    default:
      return invalid('unknown type')
  }
}

function readMessage(text: string): Incoming {
  const message = text.replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ').trim()
  if (message === '') return invalid('the message is empty')
  if (message.length > limits.message)
    return invalid(`the message is longer than ${limits.message} characters`)
  return { type: 'chat', message }
}

function invalid(reason: string): Incoming {
  return { type: 'invalid', reason }
}
