import type * as Holdfast from 'holdfast'
import type * as HoldfastVue from '@holdfast/vue'
import { expect, it } from 'vitest'
import * as vue from 'vue'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { isolate } from './isolated.ts'
import type { Isolated } from './isolated.ts'

const load = (await isolate(`export * from 'holdfast'; export * from '@holdfast/vue'`, {
  vue,
})) as () => Isolated & typeof Holdfast & typeof HoldfastVue

it('a component of Vue renders on a server as idle, without dialing and without changing globals', async () => {
  const { createClient, holdfast, session, touched, ...composables } = load()
  const client = createClient({ url: '/socket', wire: session() })
  const received: unknown[] = []
  const Inner = defineComponent(() => {
    composables.useEvent('news', (data) => received.push(data))
    composables.useEvent(composables.useClient(), 'news', (data) => received.push(data))
    const connection = composables.useConnection()
    const attempt = composables.useConnection(client, (state) => state.attempt)
    const room = composables.useChannel('room:1', { on: { message: (data) => received.push(data) } })
    const { members, isKnown } = composables.usePresence(client, () => 'room:1')
    const found = composables.useRequest('find')
    const pending = composables.usePending()
    const seconds = composables.useCountdown()
    return () => {
      const { status } = connection.value
      const values = [status, attempt.value, room.state.value.status, members.value.length, isKnown.value]
      return h(
        'output',
        [...values, found.status.value, pending.value.length, String(seconds.value)].join(' '),
      )
    }
  })
  const Outer = defineComponent(() => {
    composables.provideClient(client, { connect: true })
    return () => h(Inner)
  })
  const app = createSSRApp(Outer).use(holdfast, { client, connect: true })
  const html = await renderToString(app)
  expect(html).toBe('<output>idle 0 joining 0 false idle 0 undefined</output>')
  expect(client.state.status).toBe('idle')
  // They ask whether this is a page, and for nothing else.
  expect([...new Set(touched)]).toEqual(['window'])
})

it('a composable without a client says what is missing', async () => {
  const { useChannel, useClient, useConnection, useEvent, usePresence, useRequest } = load()
  for (const composable of [
    () => useClient(),
    () => useConnection(),
    () => useEvent('news', () => {}),
    () => useChannel('room:1'),
    () => usePresence('room:1'),
    () => useRequest('find'),
  ]) {
    const Orphan = defineComponent(() => {
      composable()
      return () => null
    })
    await expect(renderToString(createSSRApp(Orphan))).rejects.toThrow('call app.use(holdfast, { client })')
  }
})
