import fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { isClientControl, isServerControl } from './controls.ts'
import {
  bodyBytes,
  decodeBinary,
  decodeText,
  defaultDecodeLimits,
  encodeBinary,
  encodeBody,
  encodeControl,
  encodeFrame,
  maxNameLength,
  voidBody,
  isWithin,
} from './frame-codec.ts'
import type { BinaryBody, Decoded } from './frame-codec.ts'
import type { Control, Frame, Meta } from './frame.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const encodeText = (text: string): Uint8Array => encoder.encode(text)
const decodeUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

const decode = (text: string, limits = defaultDecodeLimits): Decoded =>
  decodeText(text, limits, isServerControl)
const decodeBytes = (message: Uint8Array<ArrayBuffer>, limits = defaultDecodeLimits): Decoded =>
  decodeBinary(message, limits, decodeUtf8)
const framesOf = (decoded: Decoded): readonly Frame[] | undefined =>
  'frames' in decoded ? decoded.frames : undefined
const codeOf = (decoded: Decoded): number | undefined => ('code' in decoded ? decoded.code : undefined)

const maxCount = Number.MAX_SAFE_INTEGER
const count = fc.oneof(fc.nat(100), fc.constant(maxCount), fc.maxSafeNat())
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '__proto__', 'constructor', 'a', '\ud800', '"\\', 'x'.repeat(maxNameLength)),
)
const data = fc.oneof(fc.jsonValue(), fc.constant(undefined))
const namedMeta: fc.Arbitrary<Meta | undefined> = fc.oneof(fc.constant(undefined), fc.record({ id: count }))
const namelessMeta: fc.Arbitrary<Meta> = fc.oneof(
  fc.record({ re: count }),
  fc.record({ re: count, error: fc.string(), message: fc.string({ unit: 'binary' }) }),
  fc.record({ off: count }),
)

/** What is to come out for what went in. */
function frameOf(seq: number, ack: number, title: string | null, value: unknown, meta?: Meta): Frame {
  // JSON knows no -0.
  const plain = value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown)
  if (meta) return [seq, ack, title, plain ?? null, value === undefined ? { ...meta, absent: true } : meta]
  return value === undefined ? [seq, ack, title] : [seq, ack, title, plain]
}

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values)
const withHeader = (header: string, ...rest: number[]): Uint8Array<ArrayBuffer> => {
  const head = encodeText(header)
  return bytes(head.length >> 8, head.length & 255, ...head, ...rest)
}

describe('a frame of text', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(
        count,
        count,
        fc.oneof(fc.tuple(name, namedMeta), fc.tuple(fc.constant(null), namelessMeta)),
        data,
        (seq, ack, [title, meta], value) => {
          const body = encodeBody(title, value, meta) as string
          const text = encodeFrame(seq, ack, body)
          expect(framesOf(decode(text))).toEqual([frameOf(seq, ack, title, value, meta)])
          expect(bodyBytes(body)).toBe(encodeText(body).length)
          // Nothing that is sent holds a lone surrogate, which a socket would replace.
          expect(text.isWellFormed()).toBe(true)
        },
      ),
    )
  })

  it('comes out of a pack as it went in, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(count, count, name, data), { minLength: 1, maxLength: 20 }), (list) => {
        const texts = list.map(([seq, ack, title, value]) =>
          encodeFrame(seq, ack, encodeBody(title, value) as string),
        )
        expect(framesOf(decode(`[${texts.join(',')}]`))).toEqual(list.map((item) => frameOf(...item)))
      }),
    )
  })

  it('may be void', () => {
    expect(encodeFrame(7, 3, voidBody as string)).toBe('[7,3]')
    expect(framesOf(decode('[7,3]'))).toEqual([[7, 3]])
    expect(bodyBytes(voidBody)).toBe(0)
  })

  it('tells absent data from null', () => {
    expect(encodeBody('a', undefined)).toBe(',"a"')
    expect(encodeBody('a', null)).toBe(',"a",null')
    expect(encodeBody('a', undefined, { id: 1 })).toBe(',"a",null,{"id":1,"absent":true}')
    expect(encodeBody('a', null, { id: 1 })).toBe(',"a",null,{"id":1}')
  })

  it('looks in DevTools as PROTOCOL.md says', () => {
    expect(encodeFrame(1, 0, encodeBody('chat.send', { text: 'hi' }) as string)).toBe(
      '[1,0,"chat.send",{"text":"hi"}]',
    )
    expect(encodeFrame(2, 0, encodeBody(null, 'x', { raw: true }) as string)).toBe(
      '[2,0,null,"x",{"raw":true}]',
    )
    expect(
      encodeFrame(3, 1, encodeBody(null, [1], { re: 7, error: 'code', message: 'text' }) as string),
    ).toBe('[3,1,null,[1],{"re":7,"error":"code","message":"text"}]')
  })

  it('carries raw text and the end of a request', () => {
    expect(framesOf(decode('[1,0,null,"text",{"raw":true}]'))).toEqual([[1, 0, null, 'text', { raw: true }]])
    expect(framesOf(decode('[1,0,null,null,{"off":7}]'))).toEqual([[1, 0, null, null, { off: 7 }]])
  })

  it('refuses what JSON cannot carry, when it is encoded', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const value of [cycle, 1n, () => {}, Symbol(), { toJSON: () => undefined }])
      expect(() => encodeBody('a', value)).toThrow(TypeError)
    expect(() => encodeBody('x'.repeat(maxNameLength + 1), 1)).toThrow('the name is too long')
  })

  it('is refused with 4400 when any position holds what it must not', () => {
    const malformed = [
      // seq
      ...['-1', '1.5', '1e300', '9007199254740992', 'null', 'true', '{}'].map((seq) => `[${seq},0,"a"]`),
      // ack
      ...['-1', '0.1', '9007199254740992', 'null', '"0"', '[]', 'false'].map((ack) => `[1,${ack},"a",1]`),
      // name
      ...['1', 'true', '{}', '[]', `"${'x'.repeat(maxNameLength + 1)}"`].map((title) => `[1,0,${title},1]`),
      // a frame with neither name nor meta
      '[1,0,null]',
      '[1,0,null,1]',
      // length
      '[1]',
      '[1,0,"a",1,{},1]',
      // meta
      ...['null', '1', '"id"', '[]', 'true'].map((meta) => `[1,0,"a",1,${meta}]`),
      ...['-1', '1.5', '"1"', 'null', '{}', '9007199254740992'].flatMap((id) => [
        `[1,0,"a",1,{"id":${id}}]`,
        `[1,0,null,1,{"re":${id}}]`,
        `[1,0,null,1,{"off":${id}}]`,
      ]),
      ...['1', 'null', '{}'].flatMap((text) => [
        `[1,0,null,1,{"re":1,"error":${text}}]`,
        `[1,0,null,1,{"re":1,"error":"e","message":${text}}]`,
      ]),
      ...['false', '1', 'null', '"yes"'].flatMap((flag) => [
        `[1,0,null,"text",{"raw":${flag}}]`,
        `[1,0,"a",null,{"id":1,"absent":${flag}}]`,
      ]),
      // what does not go together
      '[1,0,null,1,{"id":1}]',
      '[1,0,"a",1,{"re":1}]',
      '[1,0,"a",1,{"off":1}]',
      '[1,0,"a","text",{"raw":true}]',
      '[1,0,null,1,{"re":1,"off":1}]',
      '[1,0,"a",1,{"id":1,"re":1}]',
      // raw text that is none
      '[1,0,null,null,{"raw":true}]',
      '[1,0,null,[1],{"raw":true}]',
      // packs
      '[[]]',
      '[[1,0,"a"],2]',
      '[[1,0,"a"],["a",1]]',
      '[[1,0,"a"],[[2,0,"a"]]]',
      '[[1,0,"a"],null]',
      // no frame at all
      '',
      '[',
      '{}',
      'null',
      '1',
      '"a"',
      '[]',
      '[null]',
      '[true,0]',
      '[{},0]',
      '[1,0,"a"] ,',
    ]
    for (const text of malformed) expect([text, codeOf(decode(text))]).toEqual([text, 4400])
  })

  it('is taken with members of meta that are not known, and with numbers however they are written', () => {
    expect(framesOf(decode('[1,0,"a",1,{"new":[1]}]'))).toEqual([[1, 0, 'a', 1, { new: [1] }]])
    expect(framesOf(decode('[1,0,null,1,{"new":7}]'))).toEqual([[1, 0, null, 1, { new: 7 }]])
    expect(framesOf(decode(' [1.0,0e5,"a",\n1]'))).toEqual([[1, 0, 'a', 1]])
    expect(framesOf(decode(`[${maxCount},${maxCount},"a"]`))).toEqual([[maxCount, maxCount, 'a']])
    expect(framesOf(decode('[0,0]'))).toEqual([[0, 0]])
  })

  it('takes a ping at the end of a pack, and no other control', () => {
    const pack = (last: string): string => `[[0,0,"a"],${last}]`
    expect(decode(pack('["p",7]'))).toEqual({ frames: [[0, 0, 'a']], ping: ['p', 7] })
    for (const last of ['["p"]', '["p",-1]', '["q",7]', '["a",7]', '["p",7],["p",7]', '["p",7],[0,0,"a"]'])
      expect(codeOf(decode(pack(last)))).toBe(4400)
    expect(codeOf(decode('[["p",7]]'))).toBe(4400)
    expect(codeOf(decode(pack('["p",7]'), { ...defaultDecodeLimits, maxFrames: 1 }))).toBeUndefined()
  })

  it('changes no prototype, whatever its keys are called', () => {
    const text =
      '[1,0,"__proto__",{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},{"id":1,"__proto__":{"re":7}}]'
    const [frame] = framesOf(decode(text))!
    expect(Object.keys(frame![3] as object)).toEqual(['__proto__', 'constructor'])
    expect(frame![4]!.re).toBeUndefined()
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(frame![4])).toBe(Object.prototype)
  })

  it('does not take the prototype of meta for what was sent', () => {
    // An own key of that name is no prototype, so what it holds is not read.
    expect(codeOf(decode('[1,0,null,1,{"__proto__":{"id":"x"}}]'))).toBeUndefined()
  })
})

describe('the limits of a message of text', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

  it('bound the frames of a pack', () => {
    const pack = (frames: number): string => `[${Array(frames).fill('[0,0,"a"]').join(',')}]`
    expect(framesOf(decode(pack(4_096)))).toHaveLength(4_096)
    expect(decode(pack(4_097))).toEqual({ code: 4400, fault: 'too many frames' })
    expect(codeOf(decode(pack(3), { ...defaultDecodeLimits, maxFrames: 2 }))).toBe(4400)
  })

  it('bound the depth of data and of meta, with 1007', () => {
    expect(codeOf(decode(`[1,0,"a",${nested(64)}]`))).toBeUndefined()
    expect(codeOf(decode(`[1,0,"a",${nested(65)}]`))).toBe(1007)
    expect(codeOf(decode(`[1,0,"a",{"x":${nested(64)}}]`))).toBe(1007)
    expect(codeOf(decode(`[1,0,"a",1,{"x":${nested(64)}}]`))).toBe(1007)
    expect(codeOf(decode(`[[0,0,"b"],[1,0,"a",${nested(65)}]]`))).toBe(1007)
    for (const maxDepth of [1, 2, 5]) {
      const limits = { ...defaultDecodeLimits, maxDepth }
      expect(codeOf(decode(`[1,0,"a",${nested(maxDepth)}]`, limits))).toBeUndefined()
      expect(codeOf(decode(`[1,0,"a",${nested(maxDepth + 1)}]`, limits))).toBe(1007)
    }
  })

  it('bound the depth also where the parser of the platform would follow for long', () => {
    expect(codeOf(decode(`[1,0,"a",${nested(1_000_000)}]`))).toBe(1007)
  })

  it('bound the keys and elements of a message, all frames together', () => {
    const limits = { ...defaultDecodeLimits, maxKeys: 100 }
    const ones = (length: number): string => `[${Array(length).fill(1).join(',')}]`
    expect(codeOf(decode(`[1,0,"a",${ones(100)}]`, limits))).toBeUndefined()
    expect(codeOf(decode(`[1,0,"a",${ones(101)}]`, limits))).toBe(1007)
    const keys = (size: number): string =>
      `{${Array.from({ length: size }, (_, key) => `"${key}":1`).join(',')}}`
    expect(codeOf(decode(`[1,0,"a",${keys(100)}]`, limits))).toBeUndefined()
    expect(codeOf(decode(`[1,0,"a",${keys(101)}]`, limits))).toBe(1007)
    expect(codeOf(decode(`[[1,0,"a",${ones(60)}],[2,0,"a",${ones(60)}]]`, limits))).toBe(1007)
    expect(codeOf(decode(`[1,0,"a",[${ones(60)},${ones(60)}]]`, limits))).toBe(1007)
    expect(codeOf(decode(`[[1,0,"a",${ones(101)}],[2,0,"a",1]]`, limits))).toBe(1007)
  })

  it('bound the content of a control, with 4400: no frame is at fault', () => {
    const limits = { ...defaultDecodeLimits, maxDepth: 3, maxKeys: 5 }
    for (const within of [{}, 1, [[[1]]], [1, 2, 3, 4, 5]]) {
      expect(isWithin(within, limits)).toBe(true)
      expect(decode(JSON.stringify(['channel', within]), limits)).toEqual({ control: ['channel', within] })
    }
    for (const beyond of [[[[[]]]], [1, 2, 3, 4, 5, 6]]) {
      const text = JSON.stringify(['channel', beyond])
      expect(isWithin(beyond, limits)).toBe(false)
      expect(decode(text, limits)).toEqual({ code: 4400, fault: 'malformed control' })
      expect(codeOf(decodeText(text, limits, isClientControl))).toBe(4400)
    }
  })

  it('agree with a count that takes no short cut', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    const sizeOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value).reduce<number>((sum, member) => sum + 1 + sizeOf(member), 0)
        : 0
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(6), fc.nat(30), (value, maxDepth, maxKeys) => {
        const decoded = decode(`[1,0,"",${JSON.stringify(value)}]`, { maxFrames: 1, maxDepth, maxKeys })
        const isOver = depthOf(value) > maxDepth || sizeOf(value) > maxKeys
        expect(codeOf(decoded)).toBe(isOver ? 1007 : undefined)
      }),
    )
  })
})

describe('a frame of bytes', () => {
  const encode = (seq: number, ack: number, body: unknown): Uint8Array<ArrayBuffer> =>
    encodeBinary(seq, ack, body as BinaryBody, encodeText)

  it('comes out as it went in', () => {
    fc.assert(
      fc.property(
        count,
        count,
        fc.oneof(
          fc.tuple(name, namedMeta),
          fc.tuple(fc.constant(null), fc.oneof(namelessMeta, fc.constant({ raw: true } as const))),
        ),
        fc.uint8Array({ maxLength: 50 }),
        (seq, ack, [title, meta], content) => {
          const body = encodeBody(title, content, meta)
          const frames = framesOf(decodeBytes(encode(seq, ack, body)))
          const value = new Uint8Array(content)
          expect(frames).toEqual([meta ? [seq, ack, title, value, meta] : [seq, ack, title, value]])
          expect(bodyBytes(body)).toBe(encodeText((body as BinaryBody).head).length + content.length)
        },
      ),
    )
  })

  it('has two bytes of length, a header of JSON, and the bytes', () => {
    expect(encode(1, 0, encodeBody('a', bytes(1, 2)))).toEqual(bytes(0, 9, ...encodeText('[1,0,"a"]'), 1, 2))
    const long = encode(1, 0, encodeBody('€'.repeat(200), bytes()))
    expect([long[0], long[1], long.length]).toEqual([2, 96, 2 + 608])
  })

  it('is taken with null as data, and with none', () => {
    for (const header of ['[1,0,"a"]', '[1,0,"a",null]'])
      expect(framesOf(decodeBytes(withHeader(header, 9)))).toEqual([[1, 0, 'a', bytes(9)]])
    expect(framesOf(decodeBytes(withHeader('[1,0,"a"]')))).toEqual([[1, 0, 'a', bytes()]])
    expect(framesOf(decodeBytes(withHeader('[0,0,null,null,{"raw":true}]', 7)))).toEqual([
      [0, 0, null, bytes(7), { raw: true }],
    ])
  })

  it('is refused with 4400 when its header is not one', () => {
    const malformed = [
      bytes(),
      bytes(0),
      bytes(0, 1),
      bytes(0, 10, ...encodeText('[1,0,"a"]')),
      bytes(255, 255, ...encodeText('[1,0,"a"]')),
      bytes(0, 0),
      bytes(0, 0, ...encodeText('[1,0,"a"]')),
      bytes(0, 2, 0xc3, 0x28),
      bytes(0, 9, ...encodeText('[1,0,"'), 0xff, ...encodeText('"]')),
      ...[
        '[1,0]',
        '[1,0,null]',
        '[1,0,null,null]',
        '[1,0,"a",1]',
        '[1,0,"a",false]',
        '[1,0,"a",""]',
        '[1,0,"a",null,null]',
        '[1,0,"a",null,{"re":1}]',
        '[1,0,"a",null,{},1]',
        '[[1,0,"a"]]',
        '[[1,0,"a"],[2,0,"a"]]',
        '["a",1]',
        '["bye",{"rx":1}]',
        '{}',
        'null',
        '[]',
        '',
      ].map((header) => withHeader(header)),
    ]
    for (const message of malformed) expect([message, codeOf(decodeBytes(message))]).toEqual([message, 4400])
  })

  it('is refused with 1007 when its header nests too deep', () => {
    expect(codeOf(decodeBytes(withHeader(`[1,0,"a",null,{"x":${'['.repeat(64)}${']'.repeat(64)}}]`)))).toBe(
      1007,
    )
  })

  it('keeps the bytes that were given, whatever becomes of them later', () => {
    for (const content of [bytes(1, 2, 3), Buffer.from([1, 2, 3])]) {
      const body = encodeBody('a', content) as BinaryBody
      content[0] = 9
      expect(body.bytes).toEqual(bytes(1, 2, 3))
    }
  })

  it('takes the bytes of another realm', () => {
    const foreign: unknown = runInNewContext('new Uint8Array([1, 2])')
    expect(foreign).not.toBeInstanceOf(Uint8Array)
    expect((encodeBody('a', foreign) as BinaryBody).bytes).toEqual(bytes(1, 2))
  })

  it('is refused when it is encoded, if its header does not fit', () => {
    const meta = (length: number): Meta => ({ re: 1, error: 'e', message: 'x'.repeat(length) })
    const fits = 65_535 - 35 - ',null,null,{"re":1,"error":"e","message":""}'.length
    const body = encodeBody(null, bytes(1), meta(fits))
    const message = encode(maxCount, maxCount, body)
    expect(message[0]! * 256 + message[1]!).toBe(65_535)
    expect(framesOf(decodeBytes(message))).toEqual([[maxCount, maxCount, null, bytes(1), meta(fits)]])
    expect(() => encodeBody(null, bytes(1), meta(fits + 1))).toThrow('the header is too long')
    expect(() => encodeBody(null, bytes(1), { ...meta(fits), message: '€'.repeat(30_000) })).toThrow(
      TypeError,
    )
  })
})

describe('a control', () => {
  it('comes out as it went in, whoever sends it', () => {
    const controls: readonly (readonly [Control, 'client' | 'server' | 'both'])[] = [
      [['holdfast', { v: 1 }], 'server'],
      [['renew'], 'server'],
      [['drain', { after: [0, 5_000], within: 10_000 }], 'server'],
      [['token', 'secret'], 'client'],
      [['a', 7], 'both'],
      [['p', 7], 'both'],
      [['q', 7], 'both'],
    ]
    for (const [control, from] of controls) {
      const text = encodeControl(control)
      const isFrom = (end: string): boolean => from === 'both' || from === end
      const byClient = decodeText(text, defaultDecodeLimits, isClientControl)
      expect([text, byClient]).toEqual([
        text,
        isFrom('client') ? { control } : { code: 4400, fault: 'malformed control' },
      ])
      expect(decode(text)).toEqual(
        isFrom('server') ? { control } : { code: 4400, fault: 'malformed control' },
      )
    }
  })
})
