import { once } from 'node:events'
import { createServer, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createLine, type Line } from '../../playground/server/line.ts'
import { expectNothingLeft } from '../support/leaks.ts'

expectNothingLeft()

/** A line over a real connection, and its peer at the other end. */
async function openLine(): Promise<{ line: Line; peer: Socket; received: () => string }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const peer = connect(port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  const line = createLine(socket)
  line.stream.on('error', () => {})
  onTestFinished(() => {
    peer.destroy()
    socket.destroy()
    server.close()
  })
  let received = ''
  peer.setEncoding('utf8').on('data', (text: string) => (received += text))
  return { line, peer, received: () => received }
}

test.each([0, 20])(
  'injected bytes arrive between the frames of the server, delayed by %d ms',
  async (delay) => {
    const { line, received } = await openLine()
    line.delay(delay)
    line.stream.write('one ')
    await line.inject(Buffer.from('two '))
    line.stream.write('three')
    await expect.poll(received).toBe('one two three')
  },
)

test('after the last injected bytes no data of the server follows, and it can still receive and end', async () => {
  const { line, peer, received } = await openLine()
  const heard = once(line.stream, 'data')
  const ended = once(peer, 'end')
  await line.injectLast(Buffer.from('last'))
  line.stream.write('more')
  peer.write('answer')
  expect(String(await heard)).toBe('answer')
  line.stream.end()
  await ended
  expect(received()).toBe('last')
})

test('a peer that does not read makes the server wait, slow or not', async () => {
  for (const delay of [0, 20]) {
    const { line, peer } = await openLine()
    line.delay(delay)
    peer.pause()
    let written = 0
    while (line.stream.writableLength < 1_000_000 && written < 100) {
      line.stream.write(Buffer.alloc(1_000_000))
      written++
      await new Promise(setImmediate)
    }
    expect(line.stream.writableLength, 'what the server knows to be waiting').toBeGreaterThan(900_000)
    line.stream.destroy()
  }
})

test.each(['the peer', 'the server'])('when %s disconnects, the other end is notified', async (who) => {
  const { line, peer } = await openLine()
  line.delay(10)
  line.stream.write('on its way')
  const gone = once(who === 'the peer' ? line.stream : peer, 'close')
  if (who === 'the peer') peer.destroy()
  else line.stream.destroy()
  await gone
})
