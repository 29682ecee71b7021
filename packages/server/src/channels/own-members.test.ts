import { createVirtualClock } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { OwnMembers } from './own-members.ts'

it('members that change in one interval are written in the order of their last changes', async () => {
  const clock = createVirtualClock()
  const written: string[] = []
  const members = new OwnMembers(clock, {
    setMember: async (_, { key, data }) => void written.push(`${key} ${data}`),
    removeMember: async (_, key) => void written.push(key),
    async parkMember() {},
    failed() {},
  })
  const set = (key: string, data: string): void => members.set('room', { key, identity: 'anna', data })
  set('bert', '0')
  set('phone', '1')
  set('laptop', '2')
  set('phone', '3')
  await clock.advance(50)
  expect(written).toEqual(['bert 0', 'laptop 2', 'phone 3'])
  members.clear()
})
