import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { dial } from './peer.ts'

expectNothingLeft()

const main = join(import.meta.dirname, '../../playground/server/main.ts')

function start(env: Readonly<Record<string, string>>): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the playground prints its address, and %s ends it cleanly',
  async (signal) => {
    const child = start({ PORT: '0' })
    const [output] = await once(child.stdout, 'data')
    const url = /http:\/\/\S+/.exec(String(output))?.[0] ?? ''
    const page = await fetch(url)
    expect(await page.text()).toContain('<title>Holdfast playground</title>')
    const { host } = new URL(url)
    const peer = await dial(`ws://${host}/ws`, { headers: { origin: url } })

    child.kill(signal)
    expect(await peer.closed).toBe(1001)
    expect(await once(child, 'exit')).toEqual([0, null])
  },
)

test('the error for a used port names the port and the solution', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const child = start({ PORT: String(port) })
  const exit = once(child, 'exit')
  expect(await text(child.stderr)).toBe(`Port ${port} is taken. Choose another: PORT=8080 npm start\n`)
  expect(await exit).toEqual([1, null])
})

test.each(['no port', '-1', '65536', '1.5'])('PORT=%s is refused', async (port) => {
  const child = start({ PORT: port })
  const exit = once(child, 'exit')
  expect(await text(child.stderr)).toContain(`PORT must be a number from 0 to 65535, not '${port}'`)
  expect(await exit).toEqual([1, null])
})
