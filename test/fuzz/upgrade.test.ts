import { createVirtualClock, settleMicrotasks } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { expectNothingLeft } from '../support/leaks.ts'
import { beServed } from './decent-client.ts'
import { decodeServerFrames, encodeClientFrame, opcodes } from './frames.ts'
import { readAnswer } from './judge.ts'
import { MemorySocket } from './memory-socket.ts'
import { describeInput, makeInput, requestBytes, requestCorpus } from './requests.ts'
import { createScene } from './scene.ts'
import { fuzzUpgradesOverTcp } from './upgrade-tcp.ts'
import { fuzzUpgrades } from './upgrade.ts'

expectNothingLeft()

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32)

describe('hubs on an HTTP server', () => {
  test('a hub and a server answer or close any input, admit no unauthorized client, and serve correct clients', async () => {
    const { outcomes } = await fuzzUpgrades({ inputs: 4_000 }, seed)
    // A fuzz that does not get everywhere would prove nothing.
    const met = [
      ...[101, 204, 400, 403, 404, 405, 431].map((status) => `answered with ${status}`),
      ...[1002, 1007, 1009, 1013, 4400, 4408].map((code) => `closed with ${code}`),
      ...['expired', 'protocol', 'left'].map((why) => `session ended: ${why}`),
    ]
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(met))
  })

  test('are fuzzed with the same inputs for the same seed', async () => {
    const inputs = (): string[] => Array.from({ length: 50 }, (_, at) => describeInput(makeInput(7, at)))
    expect(inputs()).toEqual(inputs())
    expect(await fuzzUpgrades({ inputs: 200 }, 7)).toEqual(await fuzzUpgrades({ inputs: 200 }, 7))
  })

  test('do the same on real sockets', async () => {
    const outcomes = await fuzzUpgradesOverTcp(100, seed)
    expect(outcomes['answered with 101']).toBeGreaterThan(10)
    expect(outcomes['answered with 400']).toBeGreaterThan(10)
  })
})

describe('each request of the corpus', () => {
  test.each(requestCorpus)('is answered as it is written down: $name', async (specimen) => {
    const clock = createVirtualClock()
    const scene = createScene({ ports: { clock } })
    const socket = new MemorySocket(clock)
    scene.server.emit('connection', socket)
    socket.feed(requestBytes(specimen))
    await settleMicrotasks()
    // One more, for what is answered a little later.
    await settleMicrotasks()
    expect(readAnswer(socket.answer).statuses).toEqual(specimen.answers)
    socket.hangUp()
    await clock.advance(10_000)
    expect([socket.destroyed, scene.held(), scene.faults]).toEqual([true, 0, []])
    await scene.closeHubs()
    scene.dispose()
  })
})

describe('what the fuzz looks at', () => {
  test('is refused where a request comes back', () => {
    const head = (line: string): Buffer => Buffer.from(`HTTP/1.1 400 Bad Request\r\n${line}\r\n\r\n`)
    expect(readAnswer(head('Connection: close')).statuses).toEqual([400])
    for (const line of ['X: a', 'Connection: <b>', 'Content-Length: 3\r\n\r\n<b>', 'Set-Cookie: a=b'])
      expect(() => readAnswer(head(line))).toThrow('a response')
    expect(() => readAnswer(Buffer.from('HTTP/1.1 400 Bad /ws\r\n\r\n'))).toThrow('begins with')
    expect(() => readAnswer(Buffer.from('HTTP/1.1 400 Bad'))).toThrow('without an end')
  })

  test('is refused where a server breaks the rules of frames', () => {
    expect(decodeServerFrames(Buffer.from([0x81, 1, 0x61, 0x88, 0]))).toHaveLength(2)
    for (const bytes of [
      [0x01, 0],
      [0xc1, 0],
      [0x83, 0],
      [0x80, 0],
      [0x81, 0x81],
    ])
      expect(() => decodeServerFrames(Buffer.from(bytes))).toThrow('a frame of the server')
    const close = encodeClientFrame({ opcode: opcodes.close, payload: Buffer.from([0, 1]), isMasked: false })
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n'
    expect(() => readAnswer(Buffer.concat([Buffer.from(answer), close]))).toThrow('the code 1')
  })

  test('the judge objects when a correct client is not served', async () => {
    const socket = new MemorySocket(createVirtualClock())
    await expect(beServed(socket, settleMicrotasks)).rejects.toThrow('has not heard')
  })
})
