import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { envelopeCodec, flatCodec } from './plain-codec.ts'

describe('the flat shape', () => {
  it('writes the name beside the data, the name first', () => {
    expect(flatCodec.encode('chat', { message: 'hi' })).toBe('{"type":"chat","message":"hi"}')
    expect(flatCodec.encode('ping', undefined)).toBe('{"type":"ping"}')
    expect(flatCodec.encode('ping', {})).toBe('{"type":"ping"}')
  })

  it('gives the whole object as data', () => {
    const frame = flatCodec.decode('{"type":"chat","message":"hi"}')
    expect(frame).toEqual({ type: 'chat', data: { type: 'chat', message: 'hi' } })
  })

  it('refuses data that is not an object', () => {
    for (const data of [null, 1, 'text', true, [1], new Date(0)])
      expect(() => flatCodec.encode('x', data)).toThrow(/must be an object/)
  })

  it('refuses data that would replace the name or the id', () => {
    expect(() => flatCodec.encode('x', { type: 'y' })).toThrow(/'type'/)
    expect(() => flatCodec.encode('x', { id: 1 }, 'id', '7')).toThrow(/'id'/)
    expect(flatCodec.encode('x', { id: 1 }, 'id')).toBe('{"type":"x","id":1}')
  })

  it('looks at what toJSON makes of the data, and not at what JSON leaves out', () => {
    expect(() => flatCodec.encode('x', { toJSON: () => ({ type: 'evil' }) })).toThrow(/'type'/)
    expect(flatCodec.encode('x', { type: 'mine', toJSON: () => ({ a: 1 }) })).toBe('{"type":"x","a":1}')
    expect(flatCodec.encode('x', { type: undefined, a: 1 })).toBe('{"type":"x","a":1}')
  })

  it('carries the id of a request, and finds it in the answer', () => {
    expect(flatCodec.encode('get', { key: 'a' }, 'ref', '7')).toBe('{"type":"get","ref":"7","key":"a"}')
    const answer = { ref: '7', value: 1 }
    expect(flatCodec.decode(JSON.stringify(answer), 'ref')).toEqual({ data: answer, id: '7' })
  })
})

describe('the envelope', () => {
  it('writes any JSON value as data', () => {
    expect(envelopeCodec.encode('chat', 'hi')).toBe('{"type":"chat","data":"hi"}')
    expect(envelopeCodec.encode('chat', null)).toBe('{"type":"chat","data":null}')
    expect(envelopeCodec.encode('chat', undefined)).toBe('{"type":"chat"}')
    expect(envelopeCodec.encode('get', [1], 'ref', '7')).toBe('{"type":"get","ref":"7","data":[1]}')
  })

  it('finds the error in an answer', () => {
    const frame = envelopeCodec.decode('{"id":"7","error":{"code":1}}', 'id')
    expect(frame).toEqual({ type: undefined, data: undefined, id: '7', error: { code: 1 } })
  })
})

describe.each([
  ['flat', flatCodec],
  ['envelope', envelopeCodec],
])('both shapes: %s', (name, codec) => {
  it('refuse what JSON cannot carry', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    for (const data of [cycle, { big: 1n }, () => {}, Symbol('s')])
      expect(() => codec.encode('x', data)).toThrow(TypeError)
  })

  it('do not take text for a frame that is not a JSON object', () => {
    for (const text of [
      '',
      'hello',
      '1',
      'null',
      '[]',
      '[{"type":"x"}]',
      '"x"',
      '{',
      '{"type":"x"}x',
      '\u0000',
    ])
      expect(codec.decode(text)).toBeUndefined()
  })

  it('give back what was put in, under any name', () => {
    const value = fc.dictionary(
      fc.string().filter((key) => key !== 'type' && key !== '__proto__'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fc.string(), value, (type, data) => {
        const sent = JSON.parse(JSON.stringify(data)) as object
        const frame = codec.decode(codec.encode(type, data))
        expect(frame?.type).toBe(type)
        expect(frame?.data).toEqual(name === 'flat' ? { type, ...sent } : sent)
      }),
    )
  })

  it('keep hostile keys where they are, and every prototype as it was', () => {
    const text = '{"type":"__proto__","__proto__":{"polluted":true},"data":{"constructor":1}}'
    const frame = codec.decode(text)
    expect(frame?.type).toBe('__proto__')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    if (name === 'flat') expect(Object.hasOwn(frame!.data as object, '__proto__')).toBe(true)
  })

  it('write lone surrogates as escapes', () => {
    const text = codec.encode('x\ud800', { y: '\udfff' })
    expect(text.isWellFormed()).toBe(true)
    expect(codec.decode(text)?.type).toBe('x\ud800')
  })
})
