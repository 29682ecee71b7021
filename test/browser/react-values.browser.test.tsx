import { HoldfastProvider, useCountdown, usePending, useRequest } from '@holdfast/react'
import { createClient, session } from 'holdfast'
import type { Client } from 'holdfast'
import { Activity, StrictMode, useEffect, useLayoutEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, test, vi } from 'vitest'
import { connectedByHand, handFed } from '../support/hand-fed.ts'
import { mount } from '../support/react-page.ts'

describe('useCountdown', () => {
  test('renders once a second while the client waits, and never otherwise', async () => {
    const { client, clock, cut, accept } = await connectedByHand()
    const renders: (number | undefined)[] = []
    const Light = (): ReactElement => {
      const seconds = useCountdown(client)
      renders.push(seconds)
      return <output>{seconds ?? 'none'}</output>
    }
    const page = mount(<Light />)
    const timers = clock.pending
    await clock.advance(60_000)
    expect(renders).toEqual([undefined])
    cut()
    await vi.waitFor(() => expect(page.container.textContent).toBe('3'))
    for (const seconds of ['2', '1']) {
      await clock.advance(999)
      expect(page.container.textContent).not.toBe(seconds)
      await clock.advance(1)
      await vi.waitFor(() => expect(page.container.textContent).toBe(seconds))
    }
    await clock.advance(1_000)
    accept()
    await vi.waitFor(() => expect(page.container.textContent).toBe('none'))
    expect(renders).toEqual([undefined, 3, 2, 1, undefined])
    await clock.advance(60_000)
    expect(clock.pending).toBe(timers)
  })

  test('leaves no timer behind, under StrictMode and in a hidden Activity', async () => {
    const { client, clock, cut } = await connectedByHand()
    cut()
    const waiting = clock.pending
    const Light = (): ReactElement => <output>{useCountdown(client)}</output>
    const App = ({ mode }: { mode: 'hidden' | 'visible' }): ReactElement => (
      <StrictMode>
        <Activity mode={mode}>
          <Light />
        </Activity>
      </StrictMode>
    )
    const page = mount(<App mode="visible" />)
    expect(clock.pending).toBe(waiting + 1)
    page.render(<App mode="hidden" />)
    await vi.waitFor(() => expect(clock.pending).toBe(waiting))
    page.render(<App mode="visible" />)
    await vi.waitFor(() => expect(clock.pending).toBe(waiting + 1))
    page.unmount()
    expect(clock.pending).toBe(waiting)
  })
})

describe('usePending', () => {
  const List = ({ client }: { client?: Client }): ReactElement => (
    <>
      {usePending(client).map(({ id, name, status }) => (
        <li key={id}>{`${name} ${status}`}</li>
      ))}
    </>
  )
  const shown = ({ container }: { container: HTMLElement }): (string | null)[] =>
    [...container.querySelectorAll('li')].map(({ textContent }) => textContent)

  test('shows messages until they have an outcome, also those sent before it mounted', async () => {
    const { client, clock, accept } = handFed()
    client.send('a')
    const page = mount(
      <StrictMode>
        <HoldfastProvider client={client}>
          <List />
        </HoldfastProvider>
      </StrictMode>,
    )
    expect(shown(page)).toEqual(['a queued'])
    const second = client.send('b')
    await vi.waitFor(() => expect(shown(page)).toEqual(['a queued', 'b queued']))
    second.cancel()
    await vi.waitFor(() => expect(shown(page)).toEqual(['a queued']))
    void client.connect()
    await clock.advance(0)
    accept()
    await vi.waitFor(() => expect(shown(page)).toEqual([]))
  })

  test('renders once for all messages of a turn, and not for those that are sent at once', async () => {
    const { client, cut } = await connectedByHand()
    let renders = 0
    const Counted = (): ReactElement => {
      renders++
      return <output>{usePending(client).length}</output>
    }
    const page = mount(<Counted />)
    for (let n = 0; n < 100; n++) client.send('sent')
    await Promise.resolve()
    cut()
    for (let n = 0; n < 100; n++) client.send('kept')
    await vi.waitFor(() => expect(page.container.textContent).toBe('100'))
    expect(renders).toBe(2)
  })

  test('hydrates what a server rendered, though messages are waiting already', async () => {
    const client = createClient({ url: 'ws://localhost', wire: session() })
    client.send('a')
    const App = (): ReactElement => (
      <output>{`${usePending(client).length} ${useCountdown(client)} ${useRequest(client, 'ask').status}`}</output>
    )
    const container = document.createElement('div')
    container.innerHTML = renderToString(<App />)
    expect(container.textContent).toBe('0 undefined idle')
    const complaints: unknown[] = []
    const root = hydrateRoot(container, <App />, { onRecoverableError: (error) => complaints.push(error) })
    await vi.waitFor(() => expect(container.textContent).toBe('1 undefined idle'))
    root.unmount()
    expect(complaints).toEqual([])
  })
})

describe('useRequest', () => {
  /** A component that shows the state of its requests, and what it gives to the test. */
  function setUp(client: Client) {
    const given: { request?: ReturnType<typeof useRequest>; renders: string[] } = { renders: [] }
    const Ask = ({ name = 'ask' }: { name?: string }): ReactElement => {
      const request = useRequest(client, name)
      given.request = request
      given.renders.push(request.status)
      const data = request.data as { text: string } | undefined
      return <output>{[request.status, data?.text, request.error?.code].filter(Boolean).join(' ')}</output>
    }
    return { given, Ask }
  }

  test('is idle, pending, and then ok with the answer, or an error', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const { given, Ask } = setUp(client)
    const page = mount(<Ask />)
    expect(page.container.textContent).toBe('idle')
    const answer = given.request!.send({ what: 'time' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('pending'))
    expect(sent()).toMatchObject([{ type: 'ask', what: 'time' }])
    deliver('answer', { id: sent()[0]!.id, text: 'noon' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('ok noon'))
    expect(await answer).toMatchObject({ text: 'noon' })
    void given.request!.send()
    await vi.waitFor(() => expect(page.container.textContent).toBe('pending noon'))
    deliver('answer', { id: sent()[1]!.id, error: 'no' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('error remote'))
    given.request!.reset()
    await vi.waitFor(() => expect(page.container.textContent).toBe('idle'))
    expect(given.renders).toEqual(['idle', 'pending', 'ok', 'pending', 'error', 'idle'])
  })

  test('gives the same functions on every render', async () => {
    const { client } = await connectedByHand()
    const { given, Ask } = setUp(client)
    const page = mount(<Ask />)
    const { send, reset } = given.request!
    page.render(<Ask name="other" />)
    expect(given.request).toMatchObject({ send, reset })
  })

  test('never shows the answer to another name, and keeps what a layout effect sends for a new one', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const committed: string[] = []
    const Ask = ({ name }: { name: string }): ReactElement => {
      const { status, data, send } = useRequest(client, name)
      useLayoutEffect(() => void send().catch(() => {}), [name, send])
      useLayoutEffect(
        () => void committed.push(`${name} ${status} ${(data as { text: string } | undefined)?.text}`),
      )
      return <output>{status}</output>
    }
    const page = mount(<Ask name="ask" />)
    await vi.waitFor(() => expect(sent()).toHaveLength(1))
    deliver('answer', { id: sent()[0]!.id, text: 'noon' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('ok'))
    page.render(<Ask name="other" />)
    await vi.waitFor(() => expect(sent()).toHaveLength(2))
    deliver('answer', { id: sent()[1]!.id, text: 'one' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('ok'))
    expect(committed.filter((line) => line.startsWith('other'))).toEqual([
      'other idle undefined',
      'other pending undefined',
      'other ok one',
    ])
  })

  test('aborts its request when it unmounts, and rejects with that', async () => {
    const { client } = await connectedByHand()
    const { given, Ask } = setUp(client)
    const page = mount(<Ask />)
    const answer = given.request!.send()
    page.unmount()
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
  })

  test('withdraws a request that was not written yet when it unmounts', async () => {
    const { client } = handFed()
    const { given, Ask } = setUp(client)
    const page = mount(<Ask />)
    void given.request!.send()
    expect(client.stats().queuedMessages).toBe(1)
    page.unmount()
    expect(client.stats().queuedMessages).toBe(0)
  })

  test('is aborted by the next one, and by another name', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const { given, Ask } = setUp(client)
    const page = mount(<Ask />)
    const first = given.request!.send()
    void given.request!.send()
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('pending'))
    deliver('answer', { id: sent()[0]!.id, text: 'late' })
    deliver('answer', { id: sent()[1]!.id, text: 'second' })
    await vi.waitFor(() => expect(page.container.textContent).toBe('ok second'))
    page.render(<Ask name="other" />)
    await vi.waitFor(() => expect(page.container.textContent).toBe('idle'))
    void given.request!.send()
    expect(sent()[2]).toMatchObject({ type: 'other' })
  })

  test('sends from an effect under StrictMode, and shows the answer of the second run', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const App = (): ReactElement => {
      const [answers, setAnswers] = useState(0)
      const { status, send } = useRequest(client, 'ask')
      useEffect(() => {
        send().then(
          () => setAnswers((count) => count + 1),
          () => {},
        )
      }, [send])
      return <output>{`${status} ${answers}`}</output>
    }
    const page = mount(
      <StrictMode>
        <App />
      </StrictMode>,
    )
    await vi.waitFor(() => expect(sent()).toHaveLength(2))
    await vi.waitFor(() => expect(page.container.textContent).toBe('pending 0'))
    for (const { id } of sent()) deliver('answer', { id })
    await vi.waitFor(() => expect(page.container.textContent).toBe('ok 1'))
  })

  test('is aborted in a hidden Activity, and idle when it is back', async () => {
    const { client, deliver, sent } = await connectedByHand()
    const { given, Ask } = setUp(client)
    const App = ({ mode }: { mode: 'hidden' | 'visible' }): ReactElement => (
      <Activity mode={mode}>
        <Ask />
      </Activity>
    )
    const page = mount(<App mode="visible" />)
    const answer = given.request!.send()
    page.render(<App mode="hidden" />)
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    deliver('answer', { id: sent()[0]!.id, text: 'late' })
    page.render(<App mode="visible" />)
    await vi.waitFor(() => expect(page.container.textContent).toBe('idle'))
  })
})
