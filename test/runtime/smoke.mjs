// Twelve cases of the built package over a real socket. No framework and no types: every runtime can run this file.

/**
 * @param runtime.holdfast the module
 * @param runtime.url address of the test server, `ws://…`
 * @param runtime.WebSocket for runtimes that have none
 * @param runtime.print takes a line for every case
 * @returns whether all went well
 */
export async function smoke({ holdfast, url, WebSocket, print }) {
  const { correlated, createClient, events, isHoldfastError, plain, session } = holdfast
  let well = true
  let rooms = 0

  /** One case at an address of its own. Its clients are disposed of, whatever happens. */
  async function check(name, body) {
    const room = `${rooms++}-${Math.random()}`
    const clients = []
    const make = (path, options = {}) => {
      const address = `${url}${path}${path.includes('?') ? '&' : '?'}room=${room}`
      const client = createClient({ url: address, ...(WebSocket && { WebSocket }), ...options })
      clients.push(client)
      return client
    }
    const control = async (query) => {
      const response = await fetch(`${url.replace('ws', 'http')}/control?room=${room}&${query}`)
      return response.json()
    }
    let timer
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('timed out')), 10_000)
    })
    try {
      await Promise.race([body(make, control), late])
      print(`ok ${rooms} ${name}`)
    } catch (error) {
      well = false
      print(`not ok ${rooms} ${name}: ${error?.stack ?? error}`)
    } finally {
      clearTimeout(timer)
      for (const client of clients) await client.dispose()
    }
  }

  await check('connects', async (make) => {
    const client = make('/echo')
    await client.connect()
    equal(client.state.status, 'open')
  })

  await check('sends what was queued before it connected', async (make, control) => {
    const client = make('/echo')
    const deliveries = [1, 2, 3].map((n) => client.send('queued', { n }))
    equal(client.stats().queuedMessages, 3)
    void client.connect()
    for (const delivery of deliveries) equal((await delivery).status, 'sent')
    const { frames } = await control('frames=3')
    equal(frames.map((frame) => JSON.parse(frame).n).join(), '1,2,3')
  })

  await check('hears an echo', async (make) => {
    const client = make('/echo')
    const heard = new Promise((resolve) => client.once('chat', resolve))
    client.send('chat', { message: 'grüß dich 👋' })
    await client.connect()
    equal((await heard).message, 'grüß dich 👋')
  })

  await check('gets the answer to a request', async (make) => {
    const client = make('/echo', { wire: plain({ requests: correlated(), shape: 'envelope' }) })
    await client.connect()
    const answers = await Promise.all([1, 2, 3].map((n) => client.request('ask', n)))
    equal(answers.join(), '1,2,3')
  })

  await check('heals after a cut, and keeps what was said meanwhile', async (make, control) => {
    const client = make('/echo')
    await client.connect()
    const down = new Promise((resolve) => client.watch('down', resolve))
    const heard = new Promise((resolve) => client.once('after', resolve))
    await control('live=1&do=cut')
    await down
    client.send('after', { n: 7 })
    equal((await heard).n, 7)
    equal(client.stats().opens, 2)
  })

  await check('carries bytes both ways', async (make, control) => {
    const client = make('/echo')
    await client.connect()
    const heard = new Promise((resolve) => client.onRaw(resolve))
    client.sendRaw(Uint8Array.of(0, 1, 254, 255))
    const bytes = await heard
    equal(bytes instanceof Uint8Array, true)
    equal([...bytes].join(), '0,1,254,255')
    const { frames } = await control('frames=1')
    equal(frames[0], '0001feff')
  })

  await check('iterates over events', async (make) => {
    const client = make('/echo')
    const heard = []
    const iterator = events(client, 'tick')
    for (const n of [1, 2, 3]) client.send('tick', { n })
    await client.connect()
    for await (const { n } of iterator) {
      heard.push(n)
      if (n === 3) break
    }
    equal(heard.join(), '1,2,3')
  })

  // Whether the process then ends is for the one to see who started it.
  await check('leaves nothing behind when disposed of', async (make, control) => {
    const open = make('/echo')
    await open.connect()
    // The WebSocket of Node 22 reports a refused dial by an error alone, without a close.
    const waiting = make('/refuse', { backoff: () => 60_000 })
    const failed = new Promise((resolve) =>
      waiting.subscribe(() => waiting.state.status === 'waiting' && resolve()),
    )
    waiting.connect().catch(() => {})
    await failed
    equal(waiting.state.cause?.reason, 'unreachable')
    await Promise.all([open.dispose(), waiting.dispose()])
    equal(open.state.status, 'closed')
    const { dials } = await control('live=0')
    equal(dials, 2)
  })

  await check('reports the close code and its text', async (make) => {
    const client = make('/close?code=4403&text=members%20only&after=frame')
    const closed = new Promise((resolve) => client.watch('closed', resolve))
    client.send('hello')
    await client.connect()
    const { code, text } = await closed
    equal(code, 4403)
    equal(text, 'members only')
  })

  await check('can be aborted', async (make, control) => {
    const client = make('/never')
    const abort = new AbortController()
    const delivery = client.send('queued', {}, { signal: abort.signal })
    const connecting = client.connect({ signal: abort.signal }).then(
      () => 'connected',
      (error) => (isHoldfastError(error) ? error.code : error),
    )
    await control('dials=1')
    abort.abort()
    equal(await connecting, 'aborted')
    equal((await delivery).reason, 'cancelled')
  })

  await check('resumes a session, and everything that was said is heard once', async (make, control) => {
    const client = make('/session', { wire: session() })
    await client.connect()
    const reopened = new Promise((resolve) => client.watch('open', resolve))
    const deliveries = [1, 2, 3].map((n) => client.send('say', n))
    await control('live=1&do=cut')
    deliveries.push(client.send('say', 4))
    equal((await reopened).resumed, true)
    for (const delivery of deliveries) equal((await delivery).status, 'delivered')
    equal((await client.request('heard')).join(), '1,2,3,4')
  })

  await check('asks and answers in a session, and carries bytes', async (make) => {
    const client = make('/session', { wire: session() })
    client.handle('asked', (question) => `${question}!`)
    await client.connect()
    equal(await client.request('ask', 'grüß dich 👋'), 'grüß dich 👋!')
    const heard = new Promise((resolve) => client.onRaw(resolve))
    client.sendRaw(Uint8Array.of(0, 1, 254, 255))
    equal([...(await heard)].join(), '0,1,254,255')
    await client.disconnect()
    equal(client.state.status, 'closed')
  })

  return well
}

function equal(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`)
}
