import { useChannel, usePresence } from '@holdfast/vue'
import { describe, expect, test, vi } from 'vitest'
import { createSSRApp, defineComponent, h, KeepAlive, ref } from 'vue'
import type { Component, Ref } from 'vue'
import { channel } from 'holdfast'
import { connectedToChannels } from '../support/channel-hand.ts'
import type { ChannelServer } from '../support/channel-hand.ts'
import { mountVue } from '../support/vue-page.ts'

/** A component that records what the channel brings, and shows its state. */
function room({ client }: ChannelServer, got: unknown[], name: Ref<string> | string = 'room:1'): Component {
  return defineComponent({
    setup() {
      const { state } = useChannel(client, name, {
        on: { message: (data) => got.push(data) },
        watch: {
          gap: ({ missed }) => got.push(`gap ${missed}`),
          recovered: ({ count }) => got.push(`recovered ${count}`),
        },
      })
      return () => h('output', state.value.status)
    },
  })
}

describe('useChannel', () => {
  test('joins while it is mounted, shows the state of the channel, and leaves when it is gone', async () => {
    const given = await connectedToChannels()
    const got: unknown[] = []
    const page = mountVue(room(given, got))
    expect(page.container.textContent).toBe('joining')
    await given.join(['room:1', 4])
    await vi.waitFor(() => expect(page.container.textContent).toBe('joined'))
    await given.publish(5)
    page.unmount()
    await given.turn()
    await given.publish(6)
    expect(got).toEqual([5])
    expect(given.joins()).toEqual([['room:1', null]])
    expect(given.leaves()).toEqual(['room:1'])
  })

  test('replaces its channel when the name changes, and receives nothing more of the old one', async () => {
    const given = await connectedToChannels()
    const got: unknown[] = []
    const name = ref('room:1')
    const page = mountVue(room(given, got, name))
    await given.join(['room:1', 0])
    name.value = 'room:2'
    await given.publish(1, 'room:1')
    await given.join(['room:2', 0])
    await given.publish(1, 'room:2')
    expect(got).toEqual([1])
    expect(given.leaves()).toEqual(['room:1'])
    expect(page.container.textContent).toBe('joined')
  })

  test('leaves while KeepAlive keeps it away, and continues from its position when it is back', async () => {
    const given = await connectedToChannels()
    const got: unknown[] = []
    const Room = room(given, got)
    const page = mountVue(() => h(KeepAlive, () => h(Room)))
    await given.join(['room:1', 4])
    await given.publish(5)
    await page.render(() => h(KeepAlive, () => h('p')))
    await given.turn()
    expect(given.leaves()).toEqual(['room:1'])
    await page.render(() => h(KeepAlive, () => h(Room)))
    await given.turn()
    expect(given.joins()).toEqual([
      ['room:1', null],
      ['room:1', ['e', 5, 'p5']],
    ])
    expect(page.container.textContent).toBe('joining')
  })

  test('hydrates what a server rendered, though another component has joined already', async () => {
    const given = await connectedToChannels()
    channel(given.client, 'room:1')
    await given.join(['room:1', 0])
    const complaints: unknown[] = []
    const log = vi.spyOn(console, 'warn').mockImplementation((...words) => void complaints.push(words))
    const container = document.createElement('div')
    container.innerHTML = '<output>joining</output>'
    const app = createSSRApp(room(given, []))
    app.mount(container)
    await vi.waitFor(() => expect(container.textContent).toBe('joined'))
    app.unmount()
    log.mockRestore()
    expect(complaints).toEqual([])
  })

  test('publishes once its component mounts', async () => {
    const given = await connectedToChannels()
    let publish: ReturnType<typeof useChannel>['publish'] | undefined
    const App = defineComponent({
      setup() {
        ;({ publish } = useChannel(given.client, 'room:1'))
        expect(() => publish!('message', 1)).toThrow('mounted')
        return () => null
      },
    })
    mountVue(App)
    await given.turn()
    void publish!('message', 'hi').catch(() => {})
    await given.turn()
    expect(given.heard()).toContainEqual(expect.arrayContaining(['message', 'hi']))
  })
})

test('usePresence shows the members while it is mounted', async () => {
  const given = await connectedToChannels()
  const App = defineComponent({
    setup() {
      const { members, isKnown } = usePresence(given.client, 'room:1')
      return () => h('output', `${isKnown.value} ${members.value.length}`)
    },
  })
  const page = mountVue(App)
  expect(page.container.textContent).toBe('false 0')
  await given.turn()
  expect(given.joins()).toHaveLength(1)
  page.unmount()
  await given.turn()
  expect(given.leaves()).toEqual(['room:1'])
})
