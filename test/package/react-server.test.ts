import type * as Holdfast from 'holdfast'
import type * as HoldfastReact from '@holdfast/react'
import * as react from 'react'
import { createElement } from 'react'
import type { ReactElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { isolate } from './isolated.ts'
import type { Isolated } from './isolated.ts'

const load = (await isolate(`export * from 'holdfast'; export * from '@holdfast/react'`, {
  react,
})) as () => Isolated & typeof Holdfast & typeof HoldfastReact

it('a component renders on a server as idle, without dialing and without changing globals', () => {
  const {
    createClient,
    HoldfastProvider,
    session,
    useChannel,
    useClient,
    useConnection,
    useEvent,
    usePresence,
    touched,
  } = load()
  const client = createClient({ url: '/socket', wire: session() })
  const heard: unknown[] = []
  const Status = (): ReactElement => {
    useEvent('news', (data) => heard.push(data))
    useEvent(useClient(), 'news', (data) => heard.push(data))
    const status = useConnection((state) => state.status)
    const { attempt } = useConnection(client, (state) => ({ attempt: state.attempt }))
    const room = useChannel('room:1', { on: { message: (data) => heard.push(data) } })
    const { members, isKnown } = usePresence(client, 'room:1')
    return createElement(
      'output',
      null,
      `${status} ${attempt} ${room.state.status} ${members.length} ${isKnown}`,
    )
  }
  const page = createElement(HoldfastProvider, { client, connect: true }, createElement(Status))
  expect(renderToString(page)).toBe('<output>idle 0 joining 0 false</output>')
  expect(client.state.status).toBe('idle')
  expect(touched).toEqual([])
})

it('a hook without a client and a provider names what is missing', () => {
  const { useChannel, useClient, useConnection, useEvent, usePresence } = load()
  for (const hook of [
    () => useClient(),
    () => useConnection((state) => state.status),
    () => useEvent('news', () => {}),
    () => useChannel('room:1'),
    () => usePresence('room:1'),
  ]) {
    const Orphan = (): null => {
      hook()
      return null
    }
    expect(() => renderToString(createElement(Orphan))).toThrow('put a <HoldfastProvider> around this')
  }
})
