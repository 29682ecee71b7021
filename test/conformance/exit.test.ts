import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'

test('a process ends whose client is disconnected, whatever still waits for a connection', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const child = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', join(import.meta.dirname, 'idle-process.ts'), url],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: 150_000 },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  expect([code, output]).toEqual([0, 'idle\n'])
  server.close()
})
