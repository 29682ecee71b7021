// What `dist/socket.global.js` does in a page: it adds to what `holdfast.global.js` has defined, or is all of it.
import { ping, ReconnectingWebSocket } from './index.ts'

const page = globalThis as { Holdfast?: object }
page.Holdfast = { ...page.Holdfast, ReconnectingWebSocket, ping }
