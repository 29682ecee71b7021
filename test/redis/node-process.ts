// A hub in a process of its own, for tests that kill or pause it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { redis } from '@holdfast/redis'
import { createHub } from '@holdfast/server'
import { redisClient } from '../support/redis-server.ts'
import { rules } from './nodes.ts'

const [redisPort, memberTimeout] = process.argv.slice(2).map(Number) as [number, number]

process.on('disconnect', () => process.exit())
const hub = createHub({ broker: redis({ client: redisClient(redisPort), memberTimeout }) })
hub.channels('room', rules)
const server = createServer()
hub.attach(server)
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
