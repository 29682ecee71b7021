import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@holdfast/testing/proxy'
import type { FaultProxy } from '@holdfast/testing/proxy'
import { startBrowser } from './browser.ts'
import type { Browser, BrowserOptions } from './browser.ts'
import { firstThrough } from './measure.ts'
import type { Journal, Lab } from './page/lab.ts'
import { startLabServer } from './servers.ts'
import type { LabServer, ServerOptions } from './servers.ts'
import { startSite } from './site.ts'
import type { Site } from './site.ts'
import type { SubjectEntry } from './subjects.ts'
import type { Tab } from './tab.ts'

/** Everything that one client needs: a browser of its own, a server, a proxy in front of that, and pages. */
export interface Scene extends AsyncDisposable {
  readonly browser: Browser
  readonly server: LabServer
  readonly proxy: FaultProxy
  readonly site: Site
  /** What clients dial, through the proxy. */
  readonly url: string
  /** The same, past the proxy. */
  readonly directUrl: string
  /** Opens a page with the client in a new tab. */
  visit(options?: VisitOptions): Promise<Visit>
}

export interface VisitOptions {
  readonly id?: string
  readonly url?: string
  readonly csp?: boolean
}

/** A page with a client. */
export interface Visit {
  readonly id: string
  readonly tab: Tab
  /** What the page has written down. */
  journal(): Promise<Journal>
  /** Has the page send a message every so many milliseconds; none with 0. */
  feed(interval: number): Promise<void>
  send(count: number): Promise<void>
  /** Whether messages that were sent from that moment on have come through, each way. */
  isThrough(since: number): Promise<boolean>
}

export interface SceneOptions extends BrowserOptions, ServerOptions {
  /** One that others use too. Its tabs are in windows of their own, so all can be seen; hiding one needs a browser. */
  readonly browser?: Browser
}

export async function setScene(
  subject: Pick<SubjectEntry, 'server' | 'script'>,
  { browser: shared, flags, within, ...options }: SceneOptions = {},
): Promise<Scene> {
  const { host = '127.0.0.1' } = options
  await using parts = new AsyncDisposableStack()
  const server = parts.use(await startLabServer(subject.server, options))
  const proxy = parts.use(await startFaultProxy({ target: `ws://${host}:${server.port}${server.path}` }))
  const site = parts.use(await startSite(subject, host))
  const browser =
    shared ?? parts.use(await startBrowser({ ...(flags && { flags }), ...(within && { within }) }))
  const all = parts.move()

  return {
    browser,
    server,
    proxy,
    site,
    url: proxy.url,
    directUrl: `ws://${host}:${server.port}${server.path}`,
    async visit({ id = 'a', url = proxy.url, csp = false } = {}) {
      const tab = await browser.window()
      if (shared) all.defer(() => tab.close())
      await tab.open(site.page(url, { id, csp }))
      return createVisit(id, tab, server)
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

type Page = typeof globalThis & { readonly lab: Lab }

function createVisit(id: string, tab: Tab, server: LabServer): Visit {
  const journal = (): Promise<Journal> =>
    tab.call(() => {
      const { sent, received, states, life } = (globalThis as Page).lab
      return { sent, received, states, life }
    })
  return {
    id,
    tab,
    journal,
    feed: (interval) => tab.call((every) => (globalThis as Page).lab.feed(every), interval),
    send: (count) => tab.call((many) => (globalThis as Page).lab.send(many), count),
    async isThrough(since) {
      // The whole journal is long by the time that a client has not recovered for a while.
      const [sent, received] = await tab.call((from) => {
        const { lab } = globalThis as Page
        return [lab.sent.filter(([, at]) => at >= from), lab.received.filter(([, at]) => at >= from)] as const
      }, since)
      return (
        firstThrough(sent, server.received(id), since) !== undefined &&
        firstThrough(server.sent, received, since) !== undefined
      )
    },
  }
}

/** Asks again and again until it is so, for at most so many milliseconds. Whether it was. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  limit: number,
  every: number = 100,
): Promise<boolean> {
  const end = performance.now() + limit
  while (!(await isSo())) {
    if (performance.now() > end) return false
    await sleep(every)
  }
  return true
}
