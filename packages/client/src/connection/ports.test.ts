import { afterEach, describe, expect, it, vi } from 'vitest'
import { pageSignals, systemClock, systemPorts } from './ports.ts'

afterEach(() => void vi.unstubAllGlobals())

describe('the hints of a page', () => {
  const setUp = () => {
    const page = new EventTarget()
    const document = { visibilityState: 'visible' }
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
    vi.stubGlobal('document', document)
    const heard: string[] = []
    const stop = pageSignals.listen((signal) => heard.push(signal))
    const fire = (type: string, more: object = {}): boolean =>
      page.dispatchEvent(Object.assign(new Event(type), more))
    return { document, heard, stop, fire }
  }

  it('are what its events mean', () => {
    const { document, heard, fire } = setUp()
    fire('online')
    fire('offline')
    fire('pageshow', { persisted: true })
    fire('pageshow', { persisted: false })
    fire('visibilitychange')
    document.visibilityState = 'hidden'
    fire('visibilitychange')
    expect(heard).toEqual(['change', 'offline', 'change', 'wake'])
  })

  it('are not heard after listening has stopped', () => {
    const { heard, stop, fire } = setUp()
    stop()
    for (const type of ['online', 'offline', 'visibilitychange']) fire(type)
    expect(heard).toEqual([])
  })

  it('do not exist on a server, and are not missed', () => {
    vi.stubGlobal('addEventListener', undefined)
    vi.stubGlobal('navigator', undefined)
    pageSignals.listen(() => {})()
    expect(pageSignals.isOffline()).toBe(false)
  })

  it('tell whether the page is offline', () => {
    vi.stubGlobal('navigator', { onLine: false })
    expect(pageSignals.isOffline()).toBe(true)
  })
})

describe('the ports of the platform', () => {
  it('look a global up when it is used, so that one patched later is seen', () => {
    vi.useFakeTimers({ now: 5_000 })
    const callback = vi.fn()
    systemClock.setTimer(callback, 10)
    systemClock.clearTimer(systemClock.setTimer(() => expect.fail('was cleared'), 10))
    vi.advanceTimersByTime(10)
    expect(callback).toHaveBeenCalledOnce()
    expect(systemClock.wall()).toBe(5_010)
    vi.useRealTimers()
  })

  it('report an exception like one that nobody caught', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    systemPorts.report('mine')
    expect(reportError).toHaveBeenCalledWith('mine')
    vi.stubGlobal('reportError', undefined)
    const rethrown = new Promise((resolve) => {
      vi.stubGlobal('queueMicrotask', (callback: () => void) => {
        try {
          callback()
        } catch (error) {
          resolve(error)
        }
      })
    })
    systemPorts.report('mine')
    expect(await rethrown).toBe('mine')
  })
})
