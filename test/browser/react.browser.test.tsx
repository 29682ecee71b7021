import { HoldfastProvider, useClient, useConnection, useEvent } from '@holdfast/react'
import { createClient } from 'holdfast'
import type { Client } from 'holdfast'
import { Activity, StrictMode, Suspense, startTransition, use, useLayoutEffect, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, test, vi } from 'vitest'
import { connectedByHand } from '../support/hand-fed.ts'
import { counted, platform, roundTrip, waitFor } from '../support/page-stage.ts'
import { mount } from '../support/react-page.ts'
import { reach, setStage } from '../support/stage.ts'

const never = new Promise<never>(() => {})

function Status(): ReactElement {
  return <output>{useConnection((state) => state.status)}</output>
}

function Connected({ client, children }: { client: Client; children?: ReactNode }): ReactElement {
  return (
    <HoldfastProvider client={client} connect>
      {children}
    </HoldfastProvider>
  )
}

describe('a provider that connects', () => {
  test('opens one socket under StrictMode', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    const page = mount(
      <StrictMode>
        <Connected client={client}>
          <Status />
        </Connected>
      </StrictMode>,
    )
    await waitFor(() => expect(page.container.textContent).toBe('open'))
    await roundTrip(client)
    expect(sockets).toHaveLength(1)
    expect(client.stats().opens).toBe(1)
    expect(await stage.control({})).toMatchObject({ dials: 1, live: 1, codes: [] })
  })

  test('keeps its socket through every kind of remount', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    // What hot reload puts in the place of a component whose state it cannot keep.
    const Edited = (): ReactElement => <Connected client={client} />
    const page = mount(<Connected client={client} key="a" />)
    await reach(client, 'open')
    page.render(<Connected client={client} key="b" />)
    page.render(<Edited />)
    page.render(<p>a route without the provider</p>)
    await roundTrip(client)
    page.render(<Edited />)
    page.unmount()
    // The module that renders the application is run again: another root, some tasks later.
    await roundTrip(client)
    mount(<Connected client={client} />)
    // Longer than any hold that was not taken back.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await roundTrip(client)
    expect(sockets).toHaveLength(1)
    expect(await stage.control({})).toMatchObject({ dials: 1, live: 1, codes: [] })
  })

  test('disconnects when it is gone, keeps the client usable, and connects again when it is back', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    const page = mount(<Connected client={client} />)
    await reach(client, 'open')
    page.unmount()
    expect(client.state.status).toBe('open')
    expect(await stage.control({ live: 0 })).toMatchObject({ codes: [1000] })
    await reach(client, 'closed')

    mount(<Connected client={client} />)
    await reach(client, 'open')
    expect(sockets).toHaveLength(2)
  })

  test('lets go of one client for another', async () => {
    await using stage = await setStage(platform)
    const [old, next] = [counted(stage), counted(stage)]
    const page = mount(<Connected client={old.client} />)
    await reach(old.client, 'open')
    page.render(<Connected client={next.client} />)
    await reach(next.client, 'open')
    await reach(old.client, 'closed')
    expect(await stage.control({ live: 1 })).toMatchObject({ dials: 2, codes: [1000] })
  })

  test('a provider connects only with the connect option', async () => {
    await using stage = await setStage(platform)
    const { client, sockets } = counted(stage)
    const page = mount(<HoldfastProvider client={client} />)
    expect(client.state.status).toBe('idle')
    page.render(<HoldfastProvider client={client} connect />)
    await reach(client, 'open')
    page.render(<HoldfastProvider client={client} connect={false} />)
    await reach(client, 'closed')
    expect(sockets).toHaveLength(1)
  })
})

describe('useConnection', () => {
  test('renders when what is selected changes, and only then', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    const renders: boolean[] = []
    const states: string[] = []
    const Light = (): null => {
      renders.push(useConnection(client, (state) => state.status === 'open'))
      return null
    }
    client.subscribe(() => states.push(client.state.status))
    mount(<Light />)
    await client.connect()
    await waitFor(() => expect(renders).toEqual([false, true]))
    await stage.control({ do: 'cut' })
    await waitFor(() => expect(renders).toEqual([false, true, false, true]))
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
  })

  test('takes a selector that makes an object', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/echo')
    let renders = 0
    const Light = (): ReactElement => {
      renders++
      const { status, attempt } = useConnection(client, (state) => ({ ...state }))
      return <output>{`${status} ${attempt}`}</output>
    }
    const page = mount(<Light />)
    await client.connect()
    await waitFor(() => expect(page.container.textContent).toBe('open 1'))
    expect(renders).toBeLessThanOrEqual(3)
  })

  test('uses the selector and the client of the last render', async () => {
    const { client } = await connectedByHand()
    const Light = ({ of, name }: { of: Client; name: 'status' | 'attempt' }): ReactElement => (
      <output>{String(useConnection(of, (state) => state[name]))}</output>
    )
    const page = mount(<Light of={client} name="status" />)
    expect(page.container.textContent).toBe('open')
    page.render(<Light of={client} name="attempt" />)
    expect(page.container.textContent).toBe('1')
    page.render(<Light of={createClient({ url: 'ws://localhost' })} name="status" />)
    expect(page.container.textContent).toBe('idle')
  })

  test('hydrates what a server rendered, though the client is connected already', async () => {
    const { client } = await connectedByHand()
    const renders: string[] = []
    const App = (): ReactElement => {
      const { status } = useConnection(client, (state) => ({ status: state.status }))
      renders.push(status)
      return <output>{status}</output>
    }
    const container = document.createElement('div')
    container.innerHTML = renderToString(<App />)
    expect(container.textContent).toBe('idle')
    const complaints: unknown[] = []
    const log = vi.spyOn(console, 'error').mockImplementation((...words) => void complaints.push(words))
    const root = hydrateRoot(container, <App />, {
      onRecoverableError: (error) => void complaints.push(error),
    })
    await waitFor(() => expect(container.textContent).toBe('open'))
    root.unmount()
    log.mockRestore()
    expect(renders).toEqual(['idle', 'idle', 'open'])
    expect(complaints).toEqual([])
  })
})

describe('useEvent', () => {
  test('renders nothing for messages', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/flood?count=1000')
    let renders = 0
    const numbers: number[] = []
    const App = (): ReactElement => {
      renders++
      useEvent('flood', (data) => numbers.push((data as { n: number }).n))
      return <Status />
    }
    const page = mount(
      <Connected client={client}>
        <App />
      </Connected>,
    )
    await waitFor(() => expect(numbers).toHaveLength(1000))
    expect(page.container.textContent).toBe('open')
    expect(renders).toBe(1)
  })

  test('calls the newest of its handlers, once for every event, and subscribes once', async () => {
    await using stage = await setStage(platform)
    const client = stage.client('/flood?count=2000')
    let subscriptions = 0
    const watched: Client = Object.assign(Object.create(client) as Client, {
      on(name: string, handler: (data: unknown) => unknown) {
        subscriptions++
        return client.on(name, handler)
      },
    })
    const seen: (readonly [n: number, count: number])[] = []
    const App = (): ReactElement => {
      const [count, setCount] = useState(0)
      useEvent(watched, 'flood', (data) => {
        const { n } = data as { n: number }
        seen.push([n, count])
        // In the middle of the event, so that the next one must find the handler of the next render.
        if (n % 10 === 0) flushSync(() => setCount(n + 1))
        else setCount(n + 1)
      })
      return <output>{count}</output>
    }
    const page = mount(<App />)
    await client.connect()
    await waitFor(() => expect(page.container.textContent).toBe('2000'))
    expect(seen.map(([n]) => n)).toEqual(Array.from({ length: 2000 }, (_, n) => n))
    for (const [index, [n]] of seen.entries()) if (n % 10 === 0) expect(seen[index + 1]?.[1]).toBe(n + 1)
    expect(subscriptions).toBe(1)
  })

  test('a component receives every event once under StrictMode', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: unknown[] = []
    const App = (): null => {
      useEvent(client, 'news', (data) => seen.push(data))
      return null
    }
    mount(
      <StrictMode>
        <App />
      </StrictMode>,
    )
    deliver('news', { n: 1 })
    expect(seen).toEqual([{ type: 'news', n: 1 }])
  })

  test('changes its name, client and handler in one, in the commit that brings them', async () => {
    const [first, second] = [await connectedByHand(), await connectedByHand()]
    const seen: string[] = []
    const Reader = ({ client, name }: { client: Client; name: string }): null => {
      useEvent(client, name, (data) => seen.push(`${(data as { by: string }).by} for ${name}`))
      // As early as a message can come: before the page is painted, and before the effects of the commit have run.
      useLayoutEffect(() => {
        for (const [by, { deliver }] of [
          ['first', first],
          ['second', second],
        ] as const)
          for (const type of ['a', 'b']) deliver(type, { by: `${by} ${type}` })
      })
      return null
    }
    const page = mount(<Reader client={first.client} name="a" />)
    expect(seen.splice(0)).toEqual([])
    for (const [{ client }, name, expected] of [
      [first, 'b', 'first b for b'],
      [first, 'a', 'first a for a'],
      [second, 'a', 'second a for a'],
      [first, 'b', 'first b for b'],
    ] as const) {
      page.render(<Reader client={client} name={name} />)
      expect(seen.splice(0)).toEqual([expected])
    }
    page.unmount()
    for (const { client, deliver } of [first, second]) {
      const { unhandled } = client.stats()
      for (const type of ['a', 'b']) deliver(type)
      expect(client.stats().unhandled).toBe(unhandled + 2)
    }
  })

  test('knows nothing of a render that is not in the page', async () => {
    const { client, deliver } = await connectedByHand()
    const rendered: number[] = []
    const seen: number[] = []
    let setCount: (count: number) => void
    const Reader = ({ count }: { count: number }): null => {
      rendered.push(count)
      useEvent(client, 'news', () => seen.push(count))
      return null
    }
    const Slow = ({ count }: { count: number }): null => (count > 0 ? use(never) : null)
    const App = (): ReactElement => {
      const [count, set] = useState(0)
      setCount = set
      return (
        <Suspense>
          <Reader count={count} />
          <Slow count={count} />
        </Suspense>
      )
    }
    mount(<App />)
    startTransition(() => setCount(1))
    await waitFor(() => expect(rendered).toContain(1))
    deliver('news')
    expect(seen).toEqual([0])
  })

  test('listens on behind the fallback of a Suspense', async () => {
    const { client, deliver } = await connectedByHand()
    let heard = 0
    const Reader = (): null => {
      useEvent(client, 'news', () => heard++)
      return null
    }
    const Slow = (): null => use(never)
    const App = ({ waits }: { waits: boolean }): ReactElement => (
      <Suspense fallback="one moment">
        <Reader />
        {waits && <Slow />}
      </Suspense>
    )
    const page = mount(<App waits={false} />)
    page.render(<App waits />)
    expect(page.container.textContent).toBe('one moment')
    deliver('news')
    expect(heard).toBe(1)
  })

  test('does not listen in a hidden Activity', async () => {
    const { client, deliver } = await connectedByHand()
    const heard: string[] = []
    const Reader = ({ mode }: { mode: string }): null => {
      useEvent(client, 'news', () => heard.push(mode))
      return null
    }
    const App = ({ mode }: { mode: 'hidden' | 'visible' }): ReactElement => (
      <Activity mode={mode}>
        <Reader mode={mode} />
      </Activity>
    )
    const page = mount(<App mode="visible" />)
    for (const mode of ['visible', 'hidden', 'visible'] as const) {
      page.render(<App mode={mode} />)
      deliver('news')
    }
    expect(heard).toEqual(['visible', 'visible'])
  })

  test('leaves no handler behind', async () => {
    const { client, deliver } = await connectedByHand()
    const seen: string[] = []
    const Reader = ({ name, on = () => {} }: { name: string; on?: () => void }): null => {
      useEvent(client, 'news', () => {
        seen.push(name)
        on()
      })
      return null
    }
    const page = mount(
      <StrictMode>
        <Reader key="a" name="a" />
        <Reader key="b" name="b" />
      </StrictMode>,
    )
    page.render(
      <StrictMode>
        <Reader key="a" name="a" on={() => page.render(<StrictMode />)} />
        <Reader key="b" name="b" />
      </StrictMode>,
    )
    deliver('news')
    expect(seen, 'the first handler took the second away').toEqual(['a'])
    expect(client.stats().unhandled).toBe(0)
    deliver('news')
    expect(seen).toEqual(['a'])
    expect(client.stats().unhandled).toBe(1)
  })
})

test('hooks take the client of the nearest provider, unless they are given one', async () => {
  const { client, deliver } = await connectedByHand()
  const other = createClient({ url: 'ws://localhost' })
  const seen: unknown[] = []
  const Reader = (): null => {
    useEvent(client, 'news', () => seen.push('given'))
    useEvent('news', () => seen.push('nearest'))
    seen.push(useClient() === client)
    seen.push(useConnection(client, (state) => state.status))
    seen.push(useConnection((state) => state.status))
    return null
  }
  mount(
    <HoldfastProvider client={client}>
      <Reader />
      <HoldfastProvider client={other}>
        <Reader />
      </HoldfastProvider>
    </HoldfastProvider>,
  )
  expect(seen.splice(0)).toEqual([true, 'open', 'open', false, 'open', 'idle'])
  deliver('news')
  expect(seen).toEqual(['given', 'nearest', 'given'])
})
