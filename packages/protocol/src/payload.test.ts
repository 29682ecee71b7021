import { expect, it } from 'vitest'
import { bytesOf } from './payload.ts'

it('bytes of any kind are taken without a copy', () => {
  const { buffer } = new Uint8Array([1, 2, 3, 4])
  expect(bytesOf(buffer)).toEqual(new Uint8Array([1, 2, 3, 4]))
  for (const view of [new Uint8Array(buffer, 1, 2), new DataView(buffer, 1, 2)]) {
    const bytes = bytesOf(view)!
    expect(bytes).toEqual(new Uint8Array([2, 3]))
    expect(bytes.buffer).toBe(buffer)
  }
})

it.each([undefined, null, 5, 'text', [1], {}, new Blob(['x'])])('%o is no bytes', (data) => {
  expect(bytesOf(data)).toBeUndefined()
})
