import { runInNewContext } from 'node:vm'
import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { createDelivery } from '../test/support/delivery.ts'
import { reportRejection } from './rejection.ts'

const error = new Error('later')

async function reportedOf(result: unknown): Promise<unknown[]> {
  const reported: unknown[] = []
  reportRejection(result, (cause) => reported.push(cause))
  await settleMicrotasks()
  return reported
}

describe('what a listener returns', () => {
  it.each<[what: string, result: () => unknown]>([
    ['a promise', () => Promise.reject(error)],
    ['a promise of another realm', () => runInNewContext('Promise.reject(error)', { error })],
    [
      'a promise of a library',
      () => ({ then: (_: unknown, reject: (cause: Error) => void) => reject(error) }),
    ],
    [
      'a function with a `then`',
      () => Object.assign(() => {}, { then: (_: unknown, no: (cause: Error) => void) => no(error) }),
    ],
    [
      'a promise of a library whose `then` throws, having rejected',
      () => ({
        then(_: unknown, reject: (cause: Error) => void) {
          reject(error)
          throw new Error('again')
        },
      }),
    ],
  ])('is reported once when it is %s that rejects', async (_, result) => {
    expect(await reportedOf(result())).toEqual([error])
  })

  it.each([undefined, null, 0, 'text', {}, { then: 'a word' }, Promise.resolve(1)])(
    'is not looked at any further when it is %s',
    async (result) => {
      expect(await reportedOf(result)).toEqual([])
    },
  )

  it('makes no promise of a delivery', () => {
    const message = createDelivery(() => false).delivery
    const asked = vi.spyOn(message, 'then')
    reportRejection(message, () => expect.unreachable())
    expect(asked).not.toHaveBeenCalled()
  })
})
