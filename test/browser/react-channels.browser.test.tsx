import { HoldfastProvider, useChannel, usePresence } from '@holdfast/react'
import type { UsedChannel, UsedPresence } from '@holdfast/react'
import { channel } from 'holdfast'
import type { AnyContract, Client } from 'holdfast'
import { Activity, Component, StrictMode, useEffect, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, test, vi } from 'vitest'
import { at, pub, setUpChannels } from '../../packages/client/test/support/set-up-channels.ts'
import { setUp } from '../../packages/client/test/support/set-up.ts'
import { mount } from '../support/react-page.ts'

type Given = ReturnType<typeof setUpChannels>

const { setTimeout: realTimeout } = globalThis

/** Until React has rendered what was set outside of `flushSync`, and its effects have run. */
async function rendered(): Promise<void> {
  await new Promise((resolve) => realTimeout(resolve, 20))
  flushSync(() => {})
}

/** A client that is connected to a server with channels, played by the test. */
async function connected(): Promise<Given> {
  const given = setUpChannels()
  await given.liveWithChannels()
  return given
}

/** Answers the last join. */
async function join({ tell, asked }: Given, ...joined: (readonly [name: string, offset: number])[]) {
  const { n } = asked().findLast((content) => 'join' in content)!
  await tell(...joined.map(([name, offset]) => ({ joined: name, n, at: at(offset), missed: 0 })))
}

const joins = ({ asked }: Given): unknown[] => asked().flatMap((content) => content['join'] ?? [])
const leaves = ({ asked }: Given): unknown[] => asked().flatMap((content) => content['leave'] ?? [])

/** A component that records what the channel brings, and shows its state. */
function Room({
  client,
  name = 'room:1',
  got,
  label = '',
}: {
  client: Client
  name?: string
  got: unknown[]
  label?: string
}): ReactElement {
  const { state } = useChannel(client, name, {
    on: { message: (data) => got.push(label ? `${label} ${String(data)}` : data) },
    watch: {
      gap: ({ missed }) => got.push(`gap ${missed}`),
      recovered: ({ count }) => got.push(`recovered ${count}`),
    },
  })
  return <output>{state.reason === undefined ? state.status : `${state.status}: ${state.reason}`}</output>
}

describe('useChannel', () => {
  test('joins while it is mounted, and shows the state of the channel', async () => {
    const given = await connected()
    const got: unknown[] = []
    const page = mount(<Room client={given.client} got={got} />)
    expect(page.container.textContent).toBe('joining')
    await given.turn()
    await join(given, ['room:1', 4])
    await rendered()
    expect(page.container.textContent).toBe('joined')
    await given.say(pub(5), pub(6))
    expect(got).toEqual([5, 6])
    await given.tell({ refused: 'room:1', why: 'kicked' })
    await rendered()
    expect(page.container.textContent).toBe('refused: kicked')
    page.unmount()
    await given.turn()
    expect(leaves(given)).toEqual([])
  })

  test('leaves when it is gone', async () => {
    const given = await connected()
    const got: unknown[] = []
    const page = mount(<Room client={given.client} got={got} />)
    await given.turn()
    await join(given, ['room:1', 0])
    page.unmount()
    await given.turn()
    await given.say(pub(1))
    expect(leaves(given)).toEqual(['room:1'])
    expect(got).toEqual([])
  })

  test('joins once under StrictMode, and gets every publication once', async () => {
    const given = await connected()
    const got: unknown[] = []
    mount(
      <StrictMode>
        <Room client={given.client} got={got} />
      </StrictMode>,
    )
    await given.turn()
    await join(given, ['room:1', 0])
    await given.say(pub(1), pub(2))
    expect(joins(given)).toEqual([['room:1', null]])
    expect(leaves(given)).toEqual([])
    expect(got).toEqual([1, 2])
  })

  test('components with the same channel share its subscription, which ends with the last one', async () => {
    const given = await connected()
    const got: unknown[] = []
    const page = mount(
      <>
        <Room key="a" client={given.client} got={got} label="a" />
        <Room key="b" client={given.client} got={got} label="b" />
      </>,
    )
    await given.turn()
    await join(given, ['room:1', 0])
    await given.say(pub(1))
    page.render(<Room key="b" client={given.client} got={got} label="b" />)
    await given.say(pub(2))
    expect(joins(given)).toHaveLength(1)
    expect(leaves(given)).toEqual([])
    expect(got).toEqual(['a 1', 'b 1', 'b 2'])
    page.unmount()
    await given.turn()
    expect(leaves(given)).toEqual(['room:1'])
  })

  test('renders nothing for publications', async () => {
    const given = await connected()
    let renders = 0
    let got = 0
    const App = (): null => {
      renders++
      useChannel(given.client, 'room:1', { on: { message: () => got++ } })
      return null
    }
    mount(<App />)
    await given.turn()
    await join(given, ['room:1', 0])
    await rendered()
    expect(renders, 'joining, joined').toBe(2)
    for (let offset = 1; offset <= 500; offset++) given.network.last.message(JSON.stringify(pub(offset)))
    await given.tell({ joined: 'room:2', n: 7, at: at(0), missed: 0 })
    await rendered()
    expect(got).toBe(500)
    expect(renders).toBe(2)
  })

  test('calls the handlers of the last render, also for events that the first one did not have', async () => {
    const given = await connected()
    const got: unknown[] = []
    const App = ({ events }: { events: readonly string[] }): null => {
      const on = Object.fromEntries(
        events.map((event) => [event, (data: unknown) => got.push([event, data, events.length])]),
      )
      useChannel(given.client, 'room:1', { on })
      return null
    }
    const page = mount(<App events={['message']} />)
    await given.turn()
    await join(given, ['room:1', 0])
    await given.say(pub(1))
    page.render(<App events={['message', 'typing']} />)
    await given.say(pub(2), pub(3, 'ada', 'room:1', 'typing'))
    page.render(<App events={['typing']} />)
    await given.say(pub(4), pub(5, 'bob', 'room:1', 'typing'))
    expect(got).toEqual([
      ['message', 1, 1],
      ['message', 2, 2],
      ['typing', 'ada', 2],
      ['typing', 'bob', 1],
    ])
  })

  test('moves to another channel and another client, and gets nothing of the old one', async () => {
    const [first, second] = [await connected(), await connected()]
    const got: unknown[] = []
    const page = mount(<Room client={first.client} got={got} label="1" />)
    await first.turn()
    await join(first, ['room:1', 0])
    await rendered()
    page.render(<Room client={first.client} name="room:2" got={got} label="2" />)
    expect(page.container.textContent).toBe('joining')
    first.network.last.message(JSON.stringify(pub(1)))
    await first.turn()
    expect(leaves(first)).toEqual(['room:1'])
    await join(first, ['room:2', 7])
    await first.say(pub(8, 8, 'room:2'))
    page.render(<Room client={second.client} name="room:2" got={got} label="3" />)
    await second.turn()
    await join(second, ['room:2', 2])
    await first.say(pub(9, 9, 'room:2'))
    await second.say(pub(3, 3, 'room:2'))
    expect(joins(second)).toEqual([['room:2', null]])
    expect(got).toEqual(['2 8', '3 3'])
  })

  test('a handler that takes another component away is the last that is called', async () => {
    const given = await connected()
    const got: string[] = []
    const Reader = ({ name, then }: { name: string; then?: () => void }): null => {
      useChannel(given.client, 'room:1', {
        on: {
          message: () => {
            got.push(name)
            then?.()
          },
        },
      })
      return null
    }
    const page = mount(<p />)
    page.render(
      <>
        <Reader key="a" name="a" then={() => page.render(<p />)} />
        <Reader key="b" name="b" />
      </>,
    )
    await given.turn()
    await join(given, ['room:1', 0])
    await given.say(pub(1), pub(2))
    expect(got).toEqual(['a'])
  })

  test('continues from its position when it was hidden and is shown again', async () => {
    const given = await connected()
    const got: unknown[] = []
    const App = ({ mode }: { mode: 'hidden' | 'visible' }): ReactElement => (
      <Activity mode={mode}>
        <Room client={given.client} got={got} />
      </Activity>
    )
    const page = mount(<App mode="visible" />)
    await given.turn()
    await join(given, ['room:1', 0])
    await given.say(pub(1))
    page.render(<App mode="hidden" />)
    await given.turn()
    page.render(<App mode="visible" />)
    await given.turn()
    expect(joins(given).at(-1)).toEqual(['room:1', ['e', 1, 'p1']])
    const { n } = given.asked().at(-1)!
    await given.tell({ joined: 'room:1', n, at: at(3), missed: 2 })
    await given.say(pub(2), pub(3))
    expect(got).toEqual([1, 2, 3, 'recovered 2'])
  })

  test('reports a gap when it is shown again and another component has read on', async () => {
    const given = await connected()
    const [got, others]: [unknown[], unknown[]] = [[], []]
    const App = ({ mode }: { mode: 'hidden' | 'visible' }): ReactElement => (
      <>
        <Room client={given.client} got={others} />
        <Activity mode={mode}>
          <Room client={given.client} got={got} />
        </Activity>
      </>
    )
    const page = mount(<App mode="visible" />)
    await given.turn()
    await join(given, ['room:1', 0])
    await given.say(pub(1))
    page.render(<App mode="hidden" />)
    page.render(<App mode="visible" />)
    expect(got, 'nothing was missed').toEqual([1])
    page.render(<App mode="hidden" />)
    await given.say(pub(2), pub(3))
    page.render(<App mode="visible" />)
    await given.say(pub(4))
    expect(got).toEqual([1, 'gap 2', 4])
    expect(others).toEqual([1, 2, 3, 4])
  })

  test('begins at the position of `since`', async () => {
    const given = await connected()
    const App = (): null => {
      useChannel(given.client, 'room:1', { since: { epoch: 'e', offset: 3, id: 'p3' } })
      return null
    }
    mount(
      <StrictMode>
        <App />
      </StrictMode>,
    )
    await given.turn()
    expect(joins(given)).toEqual([['room:1', ['e', 3, 'p3']]])
  })

  test('publishes and reads the history, with functions that stay the same', async () => {
    const given = await connected()
    const used: UsedChannel<AnyContract, string>[] = []
    const App = (): null => {
      used.push(useChannel(given.client, 'room:1'))
      return null
    }
    const page = mount(<App />)
    await given.turn()
    await join(given, ['room:1', 0])
    await rendered()
    const [first, last] = [used[0]!, used.at(-1)!]
    expect(first.state.status).toBe('joining')
    expect(last.state.status).toBe('joined')
    expect(last.publish).toBe(first.publish)
    expect(last.history).toBe(first.history)
    const requested = (): unknown[] =>
      given.heard().filter((frame) => typeof (frame as unknown[])[0] === 'number')
    void last.publish('message', { text: 'hi' }, { id: 'mine' })
    void last.history({ limit: 5 })
    await given.turn()
    expect(requested()).toMatchObject([
      [1, 0, 'message', { text: 'hi' }, { channel: 'room:1', pub: 'mine' }],
      [2, 0, 'history', { limit: 5 }, { channel: 'room:1' }],
    ])
    page.unmount()
    expect(() => last.publish('message')).toThrow(`the channel 'room:1' was left`)
  })

  test('throws from an effect what channel() throws, to the nearest error boundary', async () => {
    const { client } = setUp()
    const caught: unknown[] = []
    class Boundary extends Component<{ children: ReactNode }> {
      override state = { isBroken: false }
      static getDerivedStateFromError(): object {
        return { isBroken: true }
      }
      override componentDidCatch(error: unknown): void {
        caught.push(error)
      }
      override render(): ReactNode {
        return this.state.isBroken ? 'broken' : this.props.children
      }
    }
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const page = mount(
      <Boundary>
        <Room client={client} got={[]} />
      </Boundary>,
    )
    await rendered()
    log.mockRestore()
    expect(page.container.textContent).toBe('broken')
    expect(caught).toEqual([expect.objectContaining({ code: 'misuse' })])
  })

  test('hydrates what a server rendered, though the channel is joined already', async () => {
    const given = await connected()
    channel(given.client, 'room:1')
    await given.turn()
    await join(given, ['room:1', 0])
    const App = (): ReactElement => <Room client={given.client} got={[]} />
    const container = document.createElement('div')
    container.innerHTML = renderToString(<App />)
    expect(container.textContent).toBe('joining')
    const complaints: unknown[] = []
    const log = vi.spyOn(console, 'error').mockImplementation((...words) => void complaints.push(words))
    const root = hydrateRoot(container, <App />, {
      onRecoverableError: (error) => void complaints.push(error),
    })
    await vi.waitFor(() => expect(container.textContent).toBe('joined'), { timeout: 15_000 })
    root.unmount()
    log.mockRestore()
    expect(complaints).toEqual([])
  })
})

describe('usePresence', () => {
  const names = ({ members }: UsedPresence<unknown>): string =>
    members
      .map(({ identity, data }) => `${identity}${data === null ? '' : ` ${JSON.stringify(data)}`}`)
      .join(', ')

  test('shows the members, and renders for them only', async () => {
    const given = await connected()
    let renders = 0
    const Members = (): ReactElement => {
      renders++
      return <output>{names(usePresence(given.client, 'room:1'))}</output>
    }
    const page = mount(<Members />)
    await given.turn()
    expect(joins(given)).toEqual([['room:1', null, { presence: true }]])
    await join(given, ['room:1', 0])
    await given.tell({ here: 'room:1', v: 1, all: [['m1', 'ada', null]] })
    await rendered()
    expect(page.container.textContent).toBe('ada')
    expect(renders).toBe(2)
    await given.say(pub(1), pub(2))
    await given.tell({ here: 'room:1', v: 1, set: [['m1', 'ada', null]] })
    await rendered()
    expect(renders).toBe(2)
    await given.tell({ here: 'room:1', v: 2, set: [['m2', 'bob', { typing: true }]] })
    await rendered()
    expect(page.container.textContent).toBe('ada, bob {"typing":true}')
    page.unmount()
    await given.turn()
    expect(leaves(given)).toEqual(['room:1'])
  })

  test('sets the data of this client from an effect, once per change of it', async () => {
    const given = await connected()
    const Typing = (): ReactElement => {
      const { members, set } = usePresence(given.client, 'room:1')
      const [isTyping, setTyping] = useState(false)
      useEffect(() => set({ isTyping }), [set, isTyping])
      return <button onClick={() => setTyping(true)}>{members.length}</button>
    }
    const page = mount(
      <StrictMode>
        <Typing />
      </StrictMode>,
    )
    await given.turn()
    expect(joins(given)).toEqual([['room:1', null, { presence: true, data: { isTyping: false } }]])
    await join(given, ['room:1', 0])
    await given.tell({ here: 'room:1', v: 1, all: [['m1', 'ada', { isTyping: false }]] })
    await rendered()
    const data = (): unknown[] =>
      given.asked().flatMap((content) => ('data' in content ? [content['data']] : []))
    expect(data()).toEqual([])
    page.container.querySelector('button')!.click()
    await rendered()
    await given.turn()
    expect(data()).toEqual([['room:1', { isTyping: true }]])
  })

  test('shares the subscription of useChannel, in one join', async () => {
    const given = await connected()
    const App = (): ReactElement => {
      const { members } = usePresence(given.client, 'room:1')
      return (
        <>
          <Room client={given.client} got={[]} />
          {members.length}
        </>
      )
    }
    mount(<App />)
    await given.turn()
    expect(joins(given)).toEqual([['room:1', null, { presence: true }]])
  })

  test('knows no members while a page hydrates and of a channel it has just moved to', async () => {
    const given = await connected()
    const Members = ({ name }: { name: string }): ReactElement => {
      const presence = usePresence(given.client, name)
      return <output>{`${names(presence)} ${presence.isKnown}`}</output>
    }
    expect(renderToString(<Members name="room:1" />)).toBe('<output> false</output>')
    const page = mount(<Members name="room:1" />)
    await given.turn()
    await join(given, ['room:1', 0])
    await given.tell({ here: 'room:1', v: 1, all: [['m1', 'ada', null]] })
    await rendered()
    expect(page.container.textContent).toBe('ada true')
    page.render(<Members name="room:2" />)
    expect(page.container.textContent).toBe(' false')
  })
})

test('the hooks of channels take the client of the nearest provider, unless they are given one', async () => {
  const [near, other] = [await connected(), await connected()]
  const Reader = (): null => {
    useChannel('room:1')
    usePresence('room:1')
    useChannel(other.client, 'room:2')
    usePresence(other.client, 'room:2')
    return null
  }
  mount(
    <HoldfastProvider client={near.client}>
      <Reader />
    </HoldfastProvider>,
  )
  await near.turn()
  expect(joins(near)).toEqual([['room:1', null, { presence: true }]])
  expect(joins(other)).toEqual([['room:2', null, { presence: true }]])
})
