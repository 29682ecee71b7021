import {
  provideClient,
  useClient,
  useConnection,
  useCountdown,
  useEvent,
  usePending,
  useRequest,
} from '@holdfast/svelte'
import { createClient } from 'holdfast'
import type { Client } from 'holdfast'
import { flushSync } from 'svelte'
import { get } from 'svelte/store'
import { describe, expect, test } from 'vitest'
import { connectedByHand, handFed } from '../support/hand-fed.ts'
import { counted, platform, roundTrip, waitFor } from '../support/page-stage.ts'
import { reach, setStage } from '../support/stage.ts'
import { mountComponent, mountSvelte } from '../support/svelte-page.ts'
import Stored from './svelte/Stored.svelte'

const showStatus = (): (() => string) => {
  const status = useConnection((state) => state.status)
  return () => status.current
}

describe('a component that provides a client', () => {
  test('opens one socket, and keeps it through remounts', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    const provide = (): void => provideClient(client, { connect: true })
    const page = mountSvelte(provide, { inner: showStatus })
    await waitFor(() => expect(page.container.textContent).toBe('open'))
    page.set({ key: 1 })
    expect(page.container.textContent).toBe('open')
    page.set({ isShown: false })
    await roundTrip(client)
    page.set({ isShown: true })
    page.unmount()
    // The module that mounts the application is run again by hot reload, some tasks later.
    await roundTrip(client)
    const again = mountSvelte(provide)
    // Longer than any hold that was not taken back.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await roundTrip(client)
    expect(sockets).toHaveLength(1)
    expect(await stage.control({})).toMatchObject({ dials: 1, live: 1, codes: [] })
    again.unmount()
    await reach(client, 'closed')
    expect(await stage.control({ live: 0 })).toMatchObject({ codes: [1000] })
  })

  test('connects only with the connect option', () => {
    const { client } = handFed()
    const page = mountSvelte(() => provideClient(client), { inner: showStatus })
    expect(page.container.textContent).toBe('idle')
  })
})

test('functions take the client of the nearest component, unless they are given one', async () => {
  const { client, deliver } = await connectedByHand()
  const other = createClient({ url: 'ws://localhost' })
  const seen: unknown[] = []
  const read = (): void => {
    useEvent(client, 'news', () => seen.push('given'))
    useEvent('news', () => seen.push('nearest'))
    seen.push(useClient() === client, useConnection(client).current.status, useConnection().current.status)
  }
  mountSvelte(() => provideClient(client), { inner: read })
  mountSvelte(() => provideClient(other), { inner: read })
  expect(seen.splice(0)).toEqual([true, 'open', 'open', false, 'open', 'idle'])
  deliver('news')
  expect(seen).toEqual(['given', 'nearest', 'given'])
  expect(() => mountSvelte(read)).toThrow('no client')
})

describe('useConnection', () => {
  test('renders when what is selected changes, and only then', async () => {
    const { client, cut, clock, accept } = await connectedByHand()
    const renders: unknown[] = []
    mountSvelte(() => {
      const isOpen = useConnection(client, (state) => state.status === 'open')
      return () => {
        renders.push(isOpen.current)
        return isOpen.current
      }
    })
    cut()
    flushSync()
    await clock.advance(3_000)
    flushSync()
    accept()
    await waitFor(() => expect(renders).toEqual([true, false, true]))
  })

  test('is a store, too, which is subscribed to only while it is used', async () => {
    const { client, cut } = await connectedByHand()
    let subscriptions = 0
    const watched: Client = Object.assign(Object.create(client) as Client, {
      subscribe(listener: () => unknown) {
        subscriptions++
        const stop = client.subscribe(listener)
        return () => {
          subscriptions--
          stop()
        }
      },
    })
    const status = useConnection(watched, (state) => state.status)
    expect(get(status)).toBe('open')
    expect(subscriptions).toBe(0)
    const page = mountComponent(Stored, { setup: () => status })
    expect(page.container.textContent).toBe('"open"')
    expect(subscriptions).toBe(1)
    cut()
    await waitFor(() => expect(page.container.textContent).toBe('"waiting"'))
    page.unmount()
    await waitFor(() => expect(subscriptions).toBe(0))
    const runes = mountSvelte(() => () => status.current)
    expect(subscriptions).toBe(1)
    runes.unmount()
    await waitFor(() => expect(subscriptions).toBe(0))
  })
})

describe('useEvent', () => {
  test('listens while the component is mounted, follows its name, and leaves no handler behind', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: unknown[] = []
    const page = mountSvelte((name) => useEvent(client, name, (data) => seen.push(data)))
    deliver('a', { n: 1 })
    page.set({ name: 'b' })
    deliver('a', { n: 2 })
    deliver('b', { n: 3 })
    page.set({ key: 1 })
    deliver('b', { n: 4 })
    page.set({ isShown: false })
    deliver('b', { n: 5 })
    expect(seen).toMatchObject([{ n: 1 }, { n: 3 }, { n: 4 }])
    expect(client.stats().unhandled).toBe(2)
  })

  test('ends with the transition of its component, which shows changes until then', async () => {
    const { client, deliver, cut } = await connectedByHand()
    const seen: unknown[] = []
    const page = mountSvelte(
      () => {
        useEvent(client, 'news', (data) => seen.push(data))
        const status = useConnection(client, (state) => state.status)
        return () => status.current
      },
      { duration: 50 },
    )
    page.set({ isShown: false })
    deliver('news', { n: 1 })
    expect(page.container.textContent).toBe('open')
    await waitFor(() => expect(page.container.textContent).toBe(''))
    deliver('news', { n: 2 })
    cut()
    expect(seen).toMatchObject([{ n: 1 }])
    page.set({ isShown: true })
    expect(page.container.textContent).toBe('waiting')
  })
})

test('useCountdown changes once a second while the client waits, and leaves no timer behind', async () => {
  const { client, clock, cut } = await connectedByHand()
  const page = mountSvelte(() => {
    const seconds = useCountdown(client)
    return () => seconds.current ?? 'none'
  })
  expect(page.container.textContent).toBe('none')
  cut()
  await waitFor(() => expect(page.container.textContent).toBe('3'))
  await clock.advance(1_000)
  await waitFor(() => expect(page.container.textContent).toBe('2'))
  const ticking = clock.pending
  page.unmount()
  await waitFor(() => expect(clock.pending).toBe(ticking - 1))
})

test('usePending shows messages until they have an outcome, also those sent before it was set up', async () => {
  const { client, clock, accept } = handFed()
  client.send('a')
  const page = mountSvelte(() => {
    const unsent = usePending(client)
    return () => unsent.current.map(({ name, status }) => `${name} ${status}`).join()
  })
  expect(page.container.textContent).toBe('a queued')
  client.send('b')
  await waitFor(() => expect(page.container.textContent).toBe('a queued,b queued'))
  void client.connect()
  await clock.advance(0)
  accept()
  await waitFor(() => expect(page.container.textContent).toBe(''))
})

describe('useRequest', () => {
  function setUp(client: Client) {
    const given: { request?: ReturnType<typeof useRequest> } = {}
    const ask = (name: () => string): (() => string) => {
      const request = (given.request = useRequest(client, name))
      return () => {
        const data = request.data as { text: string } | undefined
        return [request.status, data?.text, request.error?.code].filter(Boolean).join(' ')
      }
    }
    return { given, ask }
  }

  test('is idle, pending, and then ok with the answer, or an error', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const { given, ask } = setUp(client)
    const page = mountSvelte(ask)
    expect(page.container.textContent).toBe('idle')
    const answer = given.request!.send({ what: 'time' })
    await waitFor(() => expect(page.container.textContent).toBe('pending'))
    await waitFor(() => expect(sent()).toMatchObject([{ type: 'a', what: 'time' }]))
    deliver('answer', { id: sent()[0]!.id, text: 'noon' })
    await waitFor(() => expect(page.container.textContent).toBe('ok noon'))
    expect(await answer).toMatchObject({ text: 'noon' })
    expect(get(given.request!)).toMatchObject({ status: 'ok', data: { text: 'noon' } })
    void given.request!.send()
    await waitFor(() => expect(page.container.textContent).toBe('pending noon'))
    deliver('answer', { id: sent()[1]!.id, error: 'no' })
    await waitFor(() => expect(page.container.textContent).toBe('error remote'))
    given.request!.reset()
    await waitFor(() => expect(page.container.textContent).toBe('idle'))
  })

  test('aborts its request when it unmounts, and when its name changes', async () => {
    const { client } = await connectedByHand()
    const { given, ask } = setUp(client)
    const page = mountSvelte(ask)
    const first = given.request!.send()
    page.set({ name: 'b' })
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    await waitFor(() => expect(page.container.textContent).toBe('idle'))
    const second = given.request!.send()
    page.unmount()
    await expect(second).rejects.toMatchObject({ code: 'aborted' })
  })
})
