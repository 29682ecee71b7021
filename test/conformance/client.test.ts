import { WebSocket } from 'ws'
import { expectNothingLeft } from '../support/leaks.ts'
import { startServer } from '../support/server.ts'
import { clientSuite } from './client-suite.ts'

expectNothingLeft()

clientSuite('the client on ws', { WebSocket, serve: startServer })
clientSuite('the client on the WebSocket of Node', { serve: startServer })
