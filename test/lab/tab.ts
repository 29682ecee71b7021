import type { DevTools } from './devtools.ts'

/** A tab, and what can happen to it. */
export interface Tab {
  /** Resolves when the page and its scripts have been loaded. */
  open(url: string): Promise<void>
  reload(): Promise<void>
  /** To the page before, out of the cache for that or not. Resolves when it is there. */
  back(): Promise<void>
  /** Puts the tab in front of the others of the browser, which are hidden then. */
  front(): Promise<void>
  /** Stops everything that runs in the page, as a browser does with pages that are hidden for long. */
  freeze(): Promise<void>
  unfreeze(): Promise<void>
  /** The network of this tab is gone, or back. */
  offline(isOffline: boolean): Promise<void>
  /** The process that runs the page ends, as if it had been killed. */
  crash(): Promise<void>
  close(): Promise<void>
  /** Calls the function in the page, with arguments and a result of JSON. It sees nothing of what is around it here. */
  call<Values extends unknown[], T>(inPage: (...values: Values) => T, ...values: Values): Promise<Awaited<T>>
  /** Collects garbage, and returns the size of the heap, in bytes. */
  heapBytes(): Promise<number>
  /** Why the page before did not come out of the cache for that. Empty if it did. */
  readonly notRestoredReasons: readonly string[]
}

interface Thrown {
  readonly text: string
  readonly exception?: { readonly description?: string }
}

export async function createTab(devTools: DevTools, newWindow: boolean = false): Promise<Tab> {
  const { targetId } = await devTools.send<{ targetId: string }>('Target.createTarget', {
    url: 'about:blank',
    newWindow,
  })
  const { sessionId } = await devTools.send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  })
  const send = <T>(method: string, params: object = {}): Promise<T> =>
    devTools.send<T>(method, params, sessionId)
  const event = <T>(method: string): Promise<T> => devTools.next<T>(method, sessionId)
  await send('Page.enable')

  let notRestoredReasons: readonly string[] = []
  type NotUsed = { readonly notRestoredExplanations: readonly { readonly reason: string }[] }
  devTools.on('Page.backForwardCacheNotUsed', sessionId, ({ notRestoredExplanations }: NotUsed) => {
    notRestoredReasons = notRestoredExplanations.map(({ reason }) => reason)
  })

  return {
    async open(url) {
      const loaded = event('Page.loadEventFired')
      const { errorText } = await send<{ errorText?: string }>('Page.navigate', { url })
      if (errorText) throw new Error(`${url}: ${errorText}`)
      await loaded
    },
    async reload() {
      const loaded = event('Page.loadEventFired')
      await send('Page.reload')
      await loaded
    },
    async back() {
      type History = { readonly currentIndex: number; readonly entries: readonly { readonly id: number }[] }
      const { currentIndex, entries } = await send<History>('Page.getNavigationHistory')
      const before = entries[currentIndex - 1]
      if (!before) throw new Error('there is no page before this one')
      notRestoredReasons = []
      const there = event('Page.frameNavigated')
      await send('Page.navigateToHistoryEntry', { entryId: before.id })
      await there
    },
    front: () => send('Page.bringToFront'),
    freeze: () => send('Page.setWebLifecycleState', { state: 'frozen' }),
    unfreeze: () => send('Page.setWebLifecycleState', { state: 'active' }),
    offline: (offline) =>
      send('Network.emulateNetworkConditions', {
        offline,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
      }),
    async crash() {
      const crashed = event('Inspector.targetCrashed')
      // The browser can no longer answer.
      void send('Page.crash').catch(() => {})
      await crashed
    },
    async close() {
      await devTools.send('Target.closeTarget', { targetId })
    },
    async call(inPage, ...values) {
      const expression = `(${String(inPage)})(...${JSON.stringify(values)})`
      type Result = { readonly result: { readonly value: never }; readonly exceptionDetails?: Thrown }
      const { result, exceptionDetails: thrown } = await send<Result>('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      })
      if (thrown) throw new Error(thrown.exception?.description ?? thrown.text)
      return result.value
    },
    async heapBytes() {
      await send('HeapProfiler.collectGarbage')
      return (await send<{ usedSize: number }>('Runtime.getHeapUsage')).usedSize
    },
    get notRestoredReasons() {
      return notRestoredReasons
    },
  }
}
