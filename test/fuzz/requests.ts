// Requests for an upgrade with all that may follow them: well formed, nearly so, and nothing of the kind.
import { readFileSync } from 'node:fs'
import { mutateBytes, mutateText } from '../../packages/protocol/test/fuzz/mutate.ts'
import { createRandom, pick, placeIn } from '../../packages/protocol/test/fuzz/random.ts'
import type { Random } from '../../packages/protocol/test/fuzz/random.ts'
import { makeConversation } from './conversation.ts'

/** What one client does. */
export interface Input {
  /** What it writes, piece by piece. */
  readonly pieces: readonly Uint8Array[]
  /** What it does then: nothing, so that the server has to; say that it writes no more; or break the connection. */
  readonly ending: 'stay' | 'hang up' | 'reset'
}

export interface RequestSpecimen {
  readonly name: string
  /** The lines of the head, without their ends. */
  readonly lines: readonly string[]
  /** What follows the head at once. */
  readonly body?: string
  /** The status of each response. */
  readonly answers: readonly number[]
}

/** Requests of every kind, and how they are to be answered. */
export const requestCorpus: readonly RequestSpecimen[] = JSON.parse(
  readFileSync(new URL('corpus/requests.json', import.meta.url), 'utf8'),
) as readonly RequestSpecimen[]

export function requestBytes({ lines, body = '' }: Pick<RequestSpecimen, 'lines' | 'body'>): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

const accepted = requestCorpus.filter(({ answers }) => answers.at(-1) === 101)
const requestList = requestCorpus.map((specimen) => new Uint8Array(requestBytes(specimen)))

/** The same for the same seed and number. */
export function makeInput(seed: number, number: number): Input {
  const random = createRandom(Math.imul(seed + 1, 0x9e3779b1) + number)
  const parts = [makeRequest(random)]
  if (random(20) === 0) parts.unshift(requestBytes(pick(random, requestCorpus)))
  if (random(4) > 0) parts.push(...makeConversation(random))
  if (random(10) === 0) parts.push(requestBytes(pick(random, requestCorpus)))
  return {
    pieces: random(3) > 0 ? parts : split(random, Buffer.concat(parts)),
    ending: pick(random, ['stay', 'stay', 'stay', 'hang up', 'reset']),
  }
}

/** A client that says what it is expected to, so that others than handshakes are tried as well. */
function makeRequest(random: Random): Buffer {
  const kind = random(10)
  if (kind < 4) return requestBytes(pick(random, accepted))
  if (kind < 5) return requestBytes(pick(random, requestCorpus))
  if (kind < 8) return requestBytes(mutateLines(random, pick(random, requestCorpus)))
  return Buffer.from(mutateBytes(random, pick(random, requestList), requestList))
}

const methods = ['GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'PUT', 'get', 'G\u0000T', 'PRI', '', 'M-SEARCH']
const targets = [
  '/ws',
  '/same',
  '/slow',
  '/ws?a=1',
  '/ws?/../../same',
  '/ws/',
  '/WS',
  '//ws',
  '/%77s',
  '/ws%00',
  '/ws%2f..%2fsame',
  '/ws#x',
  '/../ws',
  '/ws;a',
  '/ws\\',
  '/ws%0d%0aSet-Cookie:%20a=b',
  'http://example.com/ws',
  'ws://evil.com/ws',
  '*',
  '?',
  '',
  '/\u00e9\u00ff',
  '/__proto__',
  `/${'x'.repeat(9_000)}`,
  '/ws\tx',
]
const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.11', 'HTTX/1.1', 'http/1.1', '']
const headerNames = [
  'Host',
  'Origin',
  'Upgrade',
  'Connection',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Accept',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Cookie',
  'X-Forwarded-For',
  '__proto__',
  'constructor',
  '',
  ' Host',
  'Origin ',
  'Origin\u0000',
]
const headerValues = [
  '',
  'websocket',
  'WebSocket',
  'websocket, h2c',
  'h2c',
  'Upgrade',
  'upgrade, keep-alive',
  'close',
  '13',
  '8',
  '0xd',
  '13, 13',
  '-13',
  'AAAAAAAAAAAAAAAAAAAAAA==',
  'AAAAAAAAAAAAAAAAAAAAAA',
  'https://example.com',
  'https://example.com.evil.com',
  'https://example.com:443',
  'https://example.com/',
  'https://EXAMPLE.com',
  'https://example.com@evil.com',
  'https://evil.com',
  'null',
  'file://',
  'example.com',
  'EXAMPLE.COM:80',
  '[::1',
  'a, b',
  'a, a',
  'a,,b',
  'a\u0000b',
  'a\tb',
  '"a"',
  'permessage-deflate; client_max_window_bits=99',
  '5',
  '-1',
  '99999999999999999999',
  'chunked',
  'chunked, gzip',
  '100-continue',
  'something else',
  '\u00ff\u00fe\u0080',
  'a\rb',
  'a\nSet-Cookie: a=b',
  'a\r\nSet-Cookie: a=b',
  'x'.repeat(5_000),
  'x'.repeat(20_000),
]

/** The request with one to three parts of its head that are others. */
function mutateLines(random: Random, specimen: RequestSpecimen): Pick<RequestSpecimen, 'lines' | 'body'> {
  const lines = [...specimen.lines]
  for (let times = 1 + random(3); times > 0; times--) {
    const at = 1 + random(Math.max(1, lines.length - 1))
    const line = lines[at] ?? ''
    const [name = ''] = line.split(':', 1)
    const [method = '', target = '', version = ''] = lines[0]!.split(' ')
    switch (random(10)) {
      case 0:
        lines[0] = `${pick(random, methods)} ${target} ${version}`
        break
      case 1:
        lines[0] = `${method} ${pick(random, targets)} ${version}`
        break
      case 2:
        lines[0] = `${method} ${target} ${pick(random, versions)}`
        break
      case 3:
        lines.splice(at, 1)
        break
      case 4:
        lines.splice(at, 0, line)
        break
      case 5:
        lines[at] = `${name}: ${pick(random, headerValues)}`
        break
      case 6:
        lines.splice(at, 0, `${name}: ${pick(random, headerValues)}`)
        break
      case 7:
        lines.splice(at, 0, `${pick(random, headerNames)}: ${pick(random, headerValues)}`)
        break
      case 8:
        lines[at] = pick(random, [
          line.toLowerCase(),
          line.toUpperCase(),
          ` ${line}`,
          line.replace(':', ' :'),
        ])
        break
      default:
        lines[at] = mutateText(random, line, specimen.lines)
    }
  }
  return random(6) > 0 ? { lines } : { lines, body: pick(random, ['hello', '5\r\nhello\r\n0\r\n\r\n', '\0']) }
}

/** The bytes in one to five pieces. */
function split(random: Random, bytes: Buffer): Buffer[] {
  const places = Array.from({ length: random(5) }, () => placeIn(random, bytes.length)).toSorted(
    (a, b) => a - b,
  )
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]))
}

/** The input, to be read and to be pasted into a test. */
export function describeInput({ pieces, ending }: Input): string {
  return `${JSON.stringify(pieces.map((piece) => Buffer.from(piece).toString('latin1')))}, then ${ending}`
}
