import {
  holdfast,
  provideClient,
  useClient,
  useConnection,
  useCountdown,
  useEvent,
  usePending,
  useRequest,
} from '@holdfast/vue'
import { createClient } from 'holdfast'
import type { Client } from 'holdfast'
import { describe, expect, test, vi } from 'vitest'
import { createSSRApp, defineComponent, effectScope, h, KeepAlive, nextTick, ref, Transition } from 'vue'
import type { Component, Ref } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { connectedByHand, handFed } from '../support/hand-fed.ts'
import { counted, platform, roundTrip, waitFor } from '../support/page-stage.ts'
import { reach, setStage } from '../support/stage.ts'
import { mountVue } from '../support/vue-page.ts'

/** A component that shows what its setup returns. */
function showing(setup: () => () => unknown): Component {
  return defineComponent({
    setup() {
      const text = setup()
      return () => h('output', String(text()))
    },
  })
}

const Status = showing(() => {
  const status = useConnection((state) => state.status)
  return () => status.value
})

describe('a provider that connects', () => {
  test('a plugin opens one socket, and keeps it when the application is mounted again', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    const use = { client, connect: true }
    const first = mountVue(Status, (app) => app.use(holdfast, use))
    await waitFor(() => expect(first.container.textContent).toBe('open'))
    first.unmount()
    // The module that mounts the application is run again by hot reload, some tasks later.
    await roundTrip(client)
    const second = mountVue(Status, (app) => app.use(holdfast, use))
    expect(second.container.textContent).toBe('open')
    // Longer than any hold that was not taken back.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await roundTrip(client)
    expect(sockets).toHaveLength(1)
    expect(await stage.control({})).toMatchObject({ dials: 1, live: 1, codes: [] })
    second.unmount()
    await reach(client, 'closed')
    expect(await stage.control({ live: 0 })).toMatchObject({ codes: [1000] })
  })

  test('a component connects while it is mounted, and keeps its socket through remounts and KeepAlive', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    const Connected = defineComponent({
      setup() {
        provideClient(client, { connect: true })
        return () => h(Status)
      },
    })
    const page = mountVue(() => h(Connected, { key: 'a' }))
    await reach(client, 'open')
    await page.render(() => h(Connected, { key: 'b' }))
    await page.render(() => h('p', 'a route without the component'))
    await roundTrip(client)
    await page.render(() => h(KeepAlive, () => h(Connected)))
    await waitFor(() => expect(page.container.textContent).toBe('open'))
    await roundTrip(client)
    expect(sockets).toHaveLength(1)
    await page.render(() => h(KeepAlive, () => h('p', 'another')))
    await reach(client, 'closed')
    await page.render(() => h(KeepAlive, () => h(Connected)))
    await reach(client, 'open')
  })

  test('a provider connects only with the connect option', async () => {
    const { client } = handFed()
    mountVue(Status, (app) => app.use(holdfast, { client }))
    await nextTick()
    expect(client.state.status).toBe('idle')
  })
})

test('composables take the client of the nearest provider, unless they are given one', async () => {
  const { client, deliver } = await connectedByHand()
  const other = createClient({ url: 'ws://localhost' })
  const seen: unknown[] = []
  const Reader = defineComponent({
    setup() {
      useEvent(client, 'news', () => seen.push('given'))
      useEvent('news', () => seen.push('nearest'))
      seen.push(useClient() === client, useConnection(client).value.status, useConnection().value.status)
      return () => null
    },
  })
  const Inner = defineComponent({
    setup() {
      provideClient(other)
      return () => h(Reader)
    },
  })
  mountVue(
    () => h('div', [h(Reader), h(Inner)]),
    (app) => app.use(holdfast, { client }),
  )
  expect(seen.splice(0)).toEqual([true, 'open', 'open', false, 'open', 'idle'])
  deliver('news')
  expect(seen).toEqual(['given', 'nearest', 'given'])
  const errors: unknown[] = []
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  mountVue(Reader, ({ config }) => (config.errorHandler = (error) => errors.push(error)))
  log.mockRestore()
  expect(String(errors[0])).toContain('no client')
})

describe('useConnection', () => {
  test('renders when what is selected changes, and only then', async () => {
    const { client, cut, clock, accept } = await connectedByHand()
    const renders: unknown[] = []
    const Light = showing(() => {
      const isOpen = useConnection(client, (state) => state.status === 'open')
      return () => {
        renders.push(isOpen.value)
        return isOpen.value
      }
    })
    mountVue(Light)
    cut()
    await nextTick()
    await clock.advance(3_000)
    await nextTick()
    accept()
    await waitFor(() => expect(renders).toEqual([true, false, true]))
  })

  test('hydrates what a server rendered, though the client is connected already', async () => {
    const { client } = await connectedByHand()
    const complaints: unknown[] = []
    const log = vi.spyOn(console, 'warn').mockImplementation((...words) => void complaints.push(words))
    const renders: string[] = []
    const App = showing(() => {
      const status = useConnection(client, (state) => state.status)
      const unsent = usePending(client)
      return () => {
        renders.push(status.value)
        return `${status.value} ${unsent.value.length}`
      }
    })
    const container = document.createElement('div')
    container.innerHTML = '<output>idle 0</output>'
    const [before] = container.children
    const app = createSSRApp(App)
    app.mount(container)
    await waitFor(() => expect(container.textContent).toBe('open 0'))
    expect(container.children[0]).toBe(before)
    app.unmount()
    log.mockRestore()
    expect(renders).toEqual(['idle', 'open'])
    expect(complaints).toEqual([])
  })

  test('is not subscribed by a server, which never unmounts', async () => {
    const { client } = handFed()
    const subscribe = vi.fn(client.subscribe)
    const watched = Object.assign(Object.create(client) as Client, { subscribe })
    expect(await renderToString(createSSRApp(Status).use(holdfast, { client: watched }))).toContain('idle')
    expect(subscribe).not.toHaveBeenCalled()
  })

  test('works in a scope without a component, and ends with it', async () => {
    const { client, cut, clock } = await connectedByHand()
    const scope = effectScope()
    const status = scope.run(() => useConnection(client, (state) => state.status))!
    expect(status.value).toBe('open')
    cut()
    await waitFor(() => expect(status.value).toBe('waiting'))
    scope.stop()
    void client.reconnect()
    await clock.advance(3_000)
    expect(client.state.status).toBe('connecting')
    expect(status.value).toBe('waiting')
  })
})

describe('useEvent', () => {
  function reader(client: Client, name: Ref<string> | string, seen: unknown[]): Component {
    return defineComponent({
      setup() {
        useEvent(client, name, (data) => seen.push(data))
        return () => h('p', 'reader')
      },
    })
  }

  test('listens while the component is mounted, and leaves no handler behind', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: unknown[] = []
    const Reader = reader(client, 'news', seen)
    const page = mountVue(() => h(Reader))
    deliver('news', { n: 1 })
    await page.render(() => h(Reader, { key: 'another' }))
    deliver('news', { n: 2 })
    await page.render(() => null)
    deliver('news', { n: 3 })
    expect(seen).toEqual([
      { type: 'news', n: 1 },
      { type: 'news', n: 2 },
    ])
    expect(client.stats().unhandled).toBe(1)
  })

  test('follows its name at once', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: unknown[] = []
    const name = ref('a')
    mountVue(reader(client, name, seen))
    deliver('a')
    name.value = 'b'
    deliver('a')
    deliver('b')
    expect(seen).toEqual([{ type: 'a' }, { type: 'b' }])
  })

  test('does not listen while KeepAlive keeps its component away', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: unknown[] = []
    const Reader = reader(client, 'news', seen)
    const page = mountVue(() => h(KeepAlive, () => h(Reader)))
    for (const n of [1, 2, 3]) {
      await page.render(() => h(KeepAlive, () => (n === 2 ? h('p', 'another') : h(Reader))))
      deliver('news', { n })
    }
    page.unmount()
    deliver('news', { n: 4 })
    expect(seen).toMatchObject([{ n: 1 }, { n: 3 }])
  })

  test('does not listen any more while its component leaves with a transition', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: unknown[] = []
    const Reader = reader(client, 'news', seen)
    let finish: () => void = () => {}
    const onLeave = (_: unknown, done: () => void): void => void (finish = done)
    const transition = (child: Component | undefined) =>
      h(Transition, { css: false, onLeave }, () => (child ? h(child) : undefined))
    const page = mountVue(() => transition(Reader))
    await page.render(() => transition(undefined))
    expect(page.container.textContent).toBe('reader')
    deliver('news')
    expect(seen).toEqual([])
    finish()
    await waitFor(() => expect(page.container.textContent).toBe(''))
  })
})

test('useCountdown changes once a second while the client waits, and has no timer in a component kept away', async () => {
  const { client, clock, cut } = await connectedByHand()
  const Light = showing(() => {
    const seconds = useCountdown(client)
    return () => seconds.value ?? 'none'
  })
  const page = mountVue(() => h(KeepAlive, () => h(Light)))
  const timers = clock.pending
  expect(page.container.textContent).toBe('none')
  cut()
  await waitFor(() => expect(page.container.textContent).toBe('3'))
  await clock.advance(1_000)
  await waitFor(() => expect(page.container.textContent).toBe('2'))
  const ticking = clock.pending
  await page.render(() => h(KeepAlive, () => h('p')))
  expect(clock.pending).toBe(ticking - 1)
  await page.render(() => h(KeepAlive, () => h(Light)))
  expect(clock.pending).toBe(ticking)
  page.unmount()
  expect(clock.pending).toBe(ticking - 1)
  expect(timers).toBeGreaterThanOrEqual(0)
})

test('usePending shows messages until they have an outcome, also those sent before it was set up', async () => {
  const { client, clock, accept } = handFed()
  client.send('a')
  const List = showing(() => {
    const unsent = usePending(client)
    return () => unsent.value.map(({ name, status }) => `${name} ${status}`).join()
  })
  const page = mountVue(List)
  expect(page.container.textContent).toBe('a queued')
  client.send('b')
  await waitFor(() => expect(page.container.textContent).toBe('a queued,b queued'))
  void client.connect()
  await clock.advance(0)
  accept()
  await waitFor(() => expect(page.container.textContent).toBe(''))
})

describe('useRequest', () => {
  function setUp(client: Client, name: Ref<string> | string = 'ask') {
    const given: { request?: ReturnType<typeof useRequest> } = {}
    const Ask = showing(() => {
      const request = (given.request = useRequest(client, name))
      return () => {
        const data = request.data.value as { text: string } | undefined
        return [request.status.value, data?.text, request.error.value?.code].filter(Boolean).join(' ')
      }
    })
    return { given, Ask }
  }

  test('is idle, pending, and then ok with the answer, or an error', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const { given, Ask } = setUp(client)
    const page = mountVue(Ask)
    expect(page.container.textContent).toBe('idle')
    const answer = given.request!.send({ what: 'time' })
    await waitFor(() => expect(page.container.textContent).toBe('pending'))
    await waitFor(() => expect(sent()).toMatchObject([{ type: 'ask', what: 'time' }]))
    deliver('answer', { id: sent()[0]!.id, text: 'noon' })
    await waitFor(() => expect(page.container.textContent).toBe('ok noon'))
    expect(await answer).toMatchObject({ text: 'noon' })
    void given.request!.send()
    await waitFor(() => expect(page.container.textContent).toBe('pending noon'))
    deliver('answer', { id: sent()[1]!.id, error: 'no' })
    await waitFor(() => expect(page.container.textContent).toBe('error remote'))
    given.request!.reset()
    await waitFor(() => expect(page.container.textContent).toBe('idle'))
  })

  test('aborts its request when it unmounts, when KeepAlive takes it away, and when its name changes', async () => {
    const { client } = await connectedByHand()
    const name = ref('ask')
    const { given, Ask } = setUp(client, name)
    const page = mountVue(() => h(KeepAlive, () => h(Ask)))
    const first = given.request!.send()
    name.value = 'other'
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    const second = given.request!.send()
    await page.render(() => h(KeepAlive, () => h('p')))
    await expect(second).rejects.toMatchObject({ code: 'aborted' })
    await page.render(() => h(KeepAlive, () => h(Ask)))
    expect(page.container.textContent).toBe('idle')
    const third = given.request!.send()
    page.unmount()
    await expect(third).rejects.toMatchObject({ code: 'aborted' })
  })

  test('may send while it is set up', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const App = showing(() => {
      const { status, send } = useRequest(client, 'ask')
      void send()
      return () => status.value
    })
    const page = mountVue(App)
    expect(page.container.textContent).toBe('pending')
    await waitFor(() => expect(sent()).toHaveLength(1))
    deliver('answer', { id: sent()[0]!.id })
    await waitFor(() => expect(page.container.textContent).toBe('ok'))
  })
})
