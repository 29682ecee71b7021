import { useChannel, usePresence } from '@holdfast/svelte'
import { get } from 'svelte/store'
import { expect, test, vi } from 'vitest'
import { connectedToChannels } from '../support/channel-hand.ts'
import { mountSvelte } from '../support/svelte-page.ts'

test('useChannel joins while it is mounted, shows the state of the channel, and leaves when it is gone', async () => {
  const given = await connectedToChannels()
  const got: unknown[] = []
  let room: ReturnType<typeof useChannel> | undefined
  const page = mountSvelte(() => {
    room = useChannel(given.client, 'room:1', { on: { message: (data) => got.push(data) } })
    return () => room!.state.status
  })
  expect(page.container.textContent).toBe('joining')
  await given.join(['room:1', 4])
  await vi.waitFor(() => expect(page.container.textContent).toBe('joined'))
  expect(get(room!)).toMatchObject({ status: 'joined' })
  await given.publish(5)
  void room!.publish('message', 'hi').catch(() => {})
  await given.turn()
  expect(given.heard()).toContainEqual(expect.arrayContaining(['message', 'hi']))
  page.unmount()
  await given.turn()
  await given.publish(6)
  expect(got).toEqual([5])
  expect(given.joins()).toEqual([['room:1', null]])
  expect(given.leaves()).toEqual(['room:1'])
})

test('useChannel replaces its channel when the name changes, and receives nothing more of the old one', async () => {
  const given = await connectedToChannels()
  const got: unknown[] = []
  const page = mountSvelte((name) => {
    const room = useChannel(given.client, () => `room:${name()}`, {
      on: { message: (data) => got.push([data, name()]) },
    })
    return () => room.state.status
  })
  await given.join(['room:a', 0])
  page.set({ name: 'b' })
  await given.publish(1, 'room:a')
  await given.join(['room:b', 0])
  await given.publish(1, 'room:b')
  expect(got).toEqual([[1, 'b']])
  expect(given.leaves()).toEqual(['room:a'])
  await vi.waitFor(() => expect(page.container.textContent).toBe('joined'))
})

test('usePresence shows the members while it is mounted', async () => {
  const given = await connectedToChannels()
  const page = mountSvelte(() => {
    const presence = usePresence(given.client, 'room:1')
    return () => `${presence.isKnown} ${presence.members.length}`
  })
  expect(page.container.textContent).toBe('false 0')
  await given.turn()
  expect(given.joins()).toHaveLength(1)
  page.unmount()
  await given.turn()
  expect(given.leaves()).toEqual(['room:1'])
})
