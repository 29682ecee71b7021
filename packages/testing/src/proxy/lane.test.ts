import { describe, expect, it } from 'vitest'
import type { ActiveRule } from './active-rule.ts'
import { isAbout } from './active-rule.ts'
import { createLane } from './lane.ts'
import { parseRule } from './parse-rule.ts'
import type { Direction } from './rule.ts'

/** One direction after its handshake, and its output with the times. Time is a number. */
function setLane(direction: Direction = 'toServer', number = 1) {
  const rules = new Set<ActiveRule>()
  const left: [at: number, what: string][] = []
  const ended: string[] = []
  let now = 0
  let isFull = false
  const dial = { number, openedAt: 0 }
  const lane = createLane({
    direction,
    dial,
    rules: () => [...rules].filter((active) => isAbout(active, dial)),
    sink: {
      get isFull() {
        return isFull
      },
      write: (bytes) => void left.push([now, bytes.toString('latin1').replace(/^[\x80-\x8f]./, '')]),
      end: () => void left.push([now, 'end']),
      reset: () => void left.push([now, 'reset']),
    },
    onEnd: (how) => ended.push(how),
  })
  const release = (): number => lane.release(now)
  const scene = {
    lane,
    ended,
    rule(text: string, dialsBefore = 0): () => void {
      const active: ActiveRule = { rule: parseRule(text), madeAt: now, dialsBefore, takenBack: false }
      rules.add(active)
      return () => {
        active.takenBack = true
        rules.delete(active)
        release()
      }
    },
    send(...texts: string[]): void {
      lane.take(Buffer.concat(texts.map((text) => frame(0x81, text))), now)
      release()
    },
    raw(bytes: Buffer): void {
      lane.take(bytes, now)
      release()
    },
    finish(how: 'end' | 'reset'): void {
      lane.finish(how, now)
      release()
    },
    fill: (full: boolean) => void (isFull = full),
    release,
    /** Advances the time, like a timer that is set for the returned moment. */
    passTo(until: number): void {
      for (let at = release(); at <= until; at = release()) now = Math.max(now, at)
      now = until
      release()
    },
    /** What left since the last time. */
    left: () => left.splice(0),
    texts: () => left.splice(0).map(([, what]) => what),
  }
  lane.take(Buffer.from('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'), 0)
  release()
  left.length = 0
  return scene
}

function frame(first: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([first, text.length]), Buffer.from(text)])
}

describe('without a rule', () => {
  it('without a rule everything passes at once and in order, and is counted', () => {
    const { lane, send, finish, left } = setLane()
    send('a', 'b')
    finish('end')
    expect(left()).toEqual([
      [0, 'a'],
      [0, 'b'],
      [0, 'end'],
    ])
    expect(lane).toMatchObject({ frames: 2, bytes: 44 })
  })

  it('data for a slow receiver waits, and no more than a mebibyte is buffered', () => {
    const { lane, send, fill, release, texts, raw } = setLane()
    fill(true)
    send('a')
    expect(texts()).toEqual([])
    expect(lane.isFull).toBe(false)
    raw(Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 16, 0, 0]), Buffer.alloc(1_048_576)]))
    expect(lane.isFull).toBe(true)
    fill(false)
    release()
    expect(lane.isFull).toBe(false)
    expect(texts()).toHaveLength(2)
  })

  it('many small pieces count as more than their bytes', () => {
    const { lane, send, fill } = setLane()
    fill(true)
    send(...Array<string>(9_000).fill('a'))
    expect(lane.isFull).toBe(true)
  })
})

describe('drop', () => {
  it('drop removes the frames that it names, and no others', () => {
    const { rule, send, texts } = setLane()
    rule('toServer frame 2: drop')
    rule('toServer frames from 4 to 5: drop')
    rule('toClient frame 1: drop')
    rule('connection 2 frame 1: drop')
    send('1', '2', '3', '4', '5', '6')
    expect(texts()).toEqual(['1', '3', '6'])
  })

  it('drop counts the frames that arrived before the rule was added', () => {
    const { rule, send, texts } = setLane()
    send('1', '2')
    const undo = rule('toServer frame 4: drop')
    send('3', '4', '5')
    undo()
    expect(texts()).toEqual(['1', '2', '3', '5'])
  })

  it('drop removes a message with all its fragments, but not a ping between them', () => {
    const { rule, raw, texts } = setLane()
    rule('frame 1: drop')
    raw(Buffer.concat([frame(0x01, 'a'), frame(0x89, 'ping'), frame(0x80, 'b'), frame(0x81, 'c')]))
    expect(texts()).toEqual(['ping', 'c'])
  })

  it('drop removes control frames if the rule names them', () => {
    const { rule, raw, texts } = setLane()
    rule('control frame 2: drop')
    raw(Buffer.concat([frame(0x89, 'one'), frame(0x81, 'a'), frame(0x88, 'two'), frame(0x81, 'b')]))
    expect(texts()).toEqual(['one', 'a', 'b'])
  })

  it('drop without frames removes all messages of its time', () => {
    const { rule, send, raw, passTo, texts } = setLane()
    rule('both after 10ms for 10ms: drop')
    send('1')
    passTo(10)
    send('2')
    raw(frame(0x89, 'ping'))
    passTo(20)
    send('3')
    expect(texts()).toEqual(['1', 'ping', '3'])
  })
})

describe('duplicate', () => {
  it('duplicate repeats a frame right after itself', () => {
    const { rule, send, texts } = setLane()
    rule('frame 2: duplicate')
    send('1', '2', '3')
    expect(texts()).toEqual(['1', '2', '2', '3'])
  })

  it('duplicate repeats a fragmented message as a whole', () => {
    const { rule, raw, texts } = setLane()
    rule('frame 1: duplicate')
    raw(Buffer.concat([frame(0x01, 'a'), frame(0x89, 'ping')]))
    raw(frame(0x80, 'b'))
    expect(texts().map((text) => text.replace(/^[^a-z]+/, ''))).toEqual(['a', 'ping', 'b', 'a', 'b'])
  })
})

describe('delay', () => {
  it('delay makes everything arrive that much later, in order', () => {
    const { rule, send, passTo, finish, left } = setLane()
    rule('both: delay 50ms')
    send('1')
    passTo(30)
    send('2')
    finish('end')
    passTo(200)
    expect(left()).toEqual([
      [50, '1'],
      [80, '2'],
      [80, 'end'],
    ])
  })

  it('delay of one frame holds back later frames, but not earlier ones', () => {
    const { rule, send, passTo, left } = setLane()
    rule('frame 2: delay 100ms')
    send('1', '2', '3')
    passTo(200)
    expect(left()).toEqual([
      [0, '1'],
      [100, '2'],
      [100, '3'],
    ])
  })

  it('delays add up, and a removed delay releases its data', () => {
    const { rule, send, passTo, left } = setLane()
    rule('both: delay 20ms')
    const undo = rule('both: delay 1min')
    send('1')
    passTo(30)
    undo()
    expect(left()).toEqual([[30, '1']])
  })
})

describe('throttle', () => {
  it('throttle forwards the given bytes per second, in small pieces, unchanged', () => {
    const { rule, raw, passTo, left } = setLane()
    rule('both: throttle 1kB/s')
    const bytes = Buffer.concat([Buffer.from([0x82, 126, 3, 232]), Buffer.alloc(1_000, 'x')])
    raw(bytes)
    passTo(5_000)
    const out = left()
    expect(out.length).toBeGreaterThan(40)
    expect(out.at(-1)![0]).toBeGreaterThanOrEqual(980)
    expect(out.at(-1)![0]).toBeLessThanOrEqual(1_004)
    const first = out.filter(([at]) => at < 500).reduce((sum, [, text]) => sum + text.length, 0)
    expect(first).toBeGreaterThan(480)
    expect(first).toBeLessThan(521)
  })

  it('throttle makes up for a late timer, but not for silence', () => {
    const { rule, raw, send, passTo, left } = setLane()
    rule('both: throttle 1kB/s')
    passTo(60_000)
    raw(Buffer.concat([Buffer.from([0x82, 126, 3, 232]), Buffer.alloc(1_000, 'x')]))
    const burst = left().reduce((sum, [, text]) => sum + text.length, 0)
    expect(burst).toBeLessThan(130)
    passTo(70_000)
    left()
    send('a')
    expect(left()).toEqual([[70_000, 'a']])
  })

  it('throttle accepts more data as data leaves', () => {
    const { lane, rule, raw, passTo } = setLane()
    rule('both: throttle 1MB/s')
    raw(Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 32, 0, 0]), Buffer.alloc(2_097_152)]))
    expect(lane.isFull).toBe(true)
    passTo(10_000)
    expect(lane.isFull).toBe(false)
  })

  it('the slowest throttle applies, byte by byte if necessary', () => {
    const { rule, send, passTo, left } = setLane()
    rule('both: throttle 1MB/s')
    rule('both: throttle 1B/s')
    rule('both: throttle 2MB/s')
    send('a')
    passTo(60_000)
    expect(left().map(([at]) => at)).toEqual([0, 1_000, 2_000])
  })
})

describe('a black hole', () => {
  it('a black hole holds back all data and the end, and forwards them when it is removed', () => {
    const { rule, send, finish, passTo, texts } = setLane()
    send('1')
    const undo = rule('toServer: black-hole')
    send('2')
    finish('end')
    passTo(1e9)
    expect(texts()).toEqual(['1'])
    undo()
    expect(texts()).toEqual(['2', 'end'])
  })

  it('a black hole in the other direction or of another connection has no effect', () => {
    const { rule, send, texts } = setLane('toServer')
    rule('toClient: black-hole')
    rule('connection 2: black-hole')
    rule('open connections: black-hole') // there was none when it was made
    send('1')
    expect(texts()).toEqual(['1'])
  })

  it('a black hole of later connections has no effect', () => {
    const { rule, send, texts } = setLane()
    rule('new connections: black-hole', 1)
    rule('connections: accept late 1min', 1)
    send('1')
    expect(texts()).toEqual(['1'])
  })

  it('the time of a black hole begins with the rule on an existing connection', () => {
    const { rule, send, passTo, left } = setLane()
    passTo(100)
    rule('both after 20ms for 50ms: black-hole')
    passTo(130)
    send('1')
    passTo(200)
    expect(left()).toEqual([[170, '1']])
  })

  it('the longer of two black holes applies', () => {
    const { rule, send, passTo, left } = setLane()
    rule('both for 50ms: black-hole')
    rule('both for 20ms: black-hole')
    send('1')
    passTo(100)
    expect(left()).toEqual([[50, '1']])
  })

  it('a black hole begins and ends at its times', () => {
    const { rule, send, passTo, left } = setLane()
    rule('both after 20ms for 50ms: black-hole')
    send('1')
    passTo(20)
    send('2')
    passTo(100)
    send('3')
    expect(left()).toEqual([
      [0, '1'],
      [70, '2'],
      [100, '3'],
    ])
  })

  it('a black hole begins with a frame, which it holds back too', () => {
    const { rule, send, finish, texts } = setLane()
    const undo = rule('frame 2: black-hole')
    send('1', '2', '3')
    finish('end')
    expect(texts()).toEqual(['1'])
    undo()
    expect(texts()).toEqual(['2', '3', 'end'])
  })

  it.each(['toServer: black-hole', 'frame 1: black-hole'])(
    'loses what a host sent that gave up with RST meanwhile: %s',
    (text) => {
      const { rule, send, finish, texts } = setLane()
      const undo = rule(text)
      send('1')
      finish('reset')
      expect(texts()).toEqual([])
      undo()
      expect(texts()).toEqual(['reset'])
    },
  )

  it('a connection that is accepted late begins with a black hole', () => {
    const { rule, send, passTo, left } = setLane()
    rule('connection 1: accept late 30ms')
    send('1')
    passTo(100)
    expect(left()).toEqual([[30, '1']])
  })
})

describe('cut and reset', () => {
  it.each(['cut', 'reset'])('%s replaces a frame, after all earlier data has left', (how) => {
    const { rule, send, passTo, texts, ended } = setLane()
    rule(`frame 2: ${how}`)
    rule('frame 1: delay 50ms')
    send('1', '2', '3')
    expect(ended).toEqual([])
    passTo(50)
    expect(texts()).toEqual(['1'])
    expect(ended[0]).toBe(how)
  })

  it('cut replaces a frame that another rule drops', () => {
    const { rule, send, ended } = setLane()
    rule('frame 2: drop')
    rule('frame 2: cut')
    send('1', '2')
    expect(ended).toEqual(['cut'])
  })
})
