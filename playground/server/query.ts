import type { IncomingMessage } from 'node:http'
import { lobby } from '../contract.ts'

type Asked = Pick<IncomingMessage, 'url'>

const longestRoom = 40

/** Returns the id of the page that a request belongs to. */
export function pageOf(request: Asked): string | null {
  return queryOf(request).get('page')
}

/** Returns the name of the chat room that a request asks for. */
export function roomOf(request: Asked): string {
  return (queryOf(request).get('room') ?? lobby).slice(0, longestRoom)
}

function queryOf({ url = '' }: Asked): URLSearchParams {
  return new URLSearchParams(url.split('?', 2)[1])
}
