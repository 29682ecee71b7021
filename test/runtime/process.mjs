// For runtimes with processes: Node, Bun and Deno. Has to end by itself, so it never calls `exit`.
import process from 'node:process'
import * as holdfast from 'holdfast'
import { smoke } from './smoke.mjs'

const WebSocket = globalThis.WebSocket ? undefined : (await import('ws')).WebSocket
const url = process.argv[2]
if (!(await smoke({ holdfast, url, WebSocket, print: console.log }))) process.exitCode = 1
