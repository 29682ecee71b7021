import type { IncomingMessage } from 'node:http'
import { decodeServerFrames, opcodes } from './frames.ts'
import { listedOrigin, listedPath, sameHostPath } from './scene.ts'
import type { Upgrade } from './scene.ts'

/** What a server has answered to all that came over one connection. */
export interface Answer {
  /** The status of every response, in order; after 101 there is none. */
  readonly statuses: readonly number[]
  /** The code with which the server has closed the WebSocket, if it has. */
  readonly closeCode: number | undefined
}

const token = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]+"
const words = /^[A-Za-z -]*$/

/** What a line of a response's head may say. Nothing of a request comes back, but for a subprotocol, which is a token. */
const headers: Readonly<Record<string, RegExp>> = {
  connection: /^(?:close|keep-alive|Upgrade)$/,
  'keep-alive': /^timeout=\d+$/,
  date: /^[A-Za-z0-9,: ]+$/,
  'content-length': /^\d+$/,
  'content-type': /^text\/html$/,
  'transfer-encoding': /^chunked$/,
  upgrade: /^websocket$/,
  'sec-websocket-accept': /^[\w+/]{27}=$/,
  'sec-websocket-version': /^13, 8$/,
  'sec-websocket-protocol': new RegExp(`^${token}$`),
}

/**
 * Judges everything that a client received, and returns words for the result.
 *
 * `isWhole` states that the client received everything; a client that breaks the connection may not.
 *
 * @throws when it should have got something else
 */
export function judge(bytes: Buffer, upgrade: Upgrade | undefined, isWhole: boolean): readonly string[] {
  const deserved = upgrade && deservedStatus(upgrade.request)
  if (upgrade?.isEarly) {
    if (deserved !== 101 && bytes.includes('HTTP/1.1 101')) throw new Error(`101 instead of ${deserved}`)
    return ['upgraded before another answer']
  }
  const { statuses, closeCode } = readAnswer(bytes)
  const status = statuses.at(-1)
  if (status !== deserved && (status === 101 || (upgrade && isWhole)))
    throw new Error(`${status} instead of ${deserved}`)
  return [
    `answered with ${status ?? 'nothing'}`,
    ...(closeCode === undefined ? [] : [`closed with ${closeCode}`]),
  ]
}

/** @throws when the server has written what it must not */
export function readAnswer(bytes: Buffer): Answer {
  const statuses: number[] = []
  let rest = bytes
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) throw new Error('a response without an end')
    const [first = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n')
    rest = rest.subarray(end + 4)
    const [, status, phrase] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first) ?? []
    if (status === undefined || !words.test(phrase!)) throw new Error(`a response begins with ${first}`)
    statuses.push(Number(status))
    const given = new Map(lines.map((line) => readHeader(line)))
    if (status === '101') return { statuses, closeCode: closeCodeOf(rest) }
    const length = Number(given.get('content-length') ?? 0)
    const body = rest.toString('latin1', 0, length)
    if (!words.test(body)) throw new Error(`a response says ${body}`)
    rest = rest.subarray(length)
    // The end of a body in chunks, of which there are none.
    if (given.has('transfer-encoding') && rest.toString('latin1', 0, 5) === '0\r\n\r\n')
      rest = rest.subarray(5)
  }
  return { statuses, closeCode: undefined }
}

/** With which status a request for an upgrade is to be answered, as RFC 6455, section 4.2, and the hubs' options have it. */
export function deservedStatus({ url = '', method, headers: given }: IncomingMessage): number {
  const path = url.split('?', 1)[0]
  if (path !== listedPath && path !== sameHostPath) return 404
  const { origin, host = '' } = given
  if (origin !== undefined && !(path === listedPath ? origin === listedOrigin : isOf(origin, host)))
    return 403
  if (method !== 'GET') return 405
  const protocols = given['sec-websocket-protocol']
  const isProper =
    given.upgrade?.toLowerCase() === 'websocket' &&
    /^[+/0-9A-Za-z]{22}==$/.test(given['sec-websocket-key'] ?? '') &&
    [8, 13].includes(Number(given['sec-websocket-version'])) &&
    (protocols === undefined || areProtocols(protocols))
  return isProper ? 101 : 400
}

function readHeader(line: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? []
  if (!headers[name.toLowerCase()]?.test(value)) throw new Error(`a response has the line ${line}`)
  return [name.toLowerCase(), value]
}

function closeCodeOf(bytes: Buffer): number | undefined {
  for (const { opcode, payload } of decodeServerFrames(bytes)) {
    if (opcode !== opcodes.close) continue
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE()
    if (payload.length === 1 || code < 1000 || code > 4999) throw new Error(`a close with the code ${code}`)
    return code
  }
  return undefined
}

function isOf(origin: string, host: string): boolean {
  try {
    const page = new URL(origin)
    // A browser sends an origin without a path, a user or the usual port.
    return (
      page.origin === origin.toLowerCase() &&
      /^https?:$/.test(page.protocol) &&
      page.host === host.toLowerCase()
    )
  } catch {
    return false
  }
}

function areProtocols(list: string): boolean {
  const names = list.split(',').map((name) => name.replace(/^[ \t]+|[ \t]+$/g, ''))
  return names.every((name) => new RegExp(`^${token}$`).test(name)) && new Set(names).size === names.length
}
