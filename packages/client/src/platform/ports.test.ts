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
    const stop = pageSignals.listen((signal, url) => heard.push(url ? `${signal} ${url}` : signal))
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

  it('tell when the page is left and when it is back', () => {
    const { document, heard, fire } = setUp()
    fire('pagehide', { persisted: true })
    document.visibilityState = 'hidden'
    fire('visibilitychange')
    fire('freeze')
    fire('resume')
    fire('pageshow', { persisted: true })
    document.visibilityState = 'visible'
    fire('visibilitychange')
    expect(heard).toEqual(['leave', 'leave', 'change', 'change', 'wake'])
  })

  it('tell of the focus of the page, and not of its elements', () => {
    const { heard, fire } = setUp()
    fire('focus')
    expect(heard).toEqual([])
    vi.stubGlobal('addEventListener', (type: string, listener: (event: object) => void) => {
      if (type === 'focus') listener({ type, target: globalThis })
    })
    pageSignals.listen((signal) => heard.push(signal))
    expect(heard).toEqual(['wake'])
  })

  it('tell what a policy of the page forbids to connect to, and of nothing else that it forbids or reports', () => {
    const { heard, fire } = setUp()
    const violation = {
      blockedURI: 'ws://test/ws',
      effectiveDirective: 'connect-src',
      disposition: 'enforce',
    }
    fire('securitypolicyviolation', violation)
    fire('securitypolicyviolation', { ...violation, disposition: 'report' })
    fire('securitypolicyviolation', { ...violation, effectiveDirective: 'img-src' })
    expect(heard).toEqual(['blocked ws://test/ws'])
  })

  it('are not captured where there is no document, because some workers refuse to', () => {
    setUp()
    vi.stubGlobal('document', undefined)
    const add = vi.fn()
    vi.stubGlobal('addEventListener', add)
    pageSignals.listen(() => {})
    expect(add.mock.calls.length).toBeGreaterThan(5)
    for (const [, , options] of add.mock.calls) expect(options).toEqual({ capture: false })
  })

  it('tell whether anybody can see the page', () => {
    const { document } = setUp()
    expect(pageSignals.isHidden!()).toBe(false)
    document.visibilityState = 'hidden'
    expect(pageSignals.isHidden!()).toBe(true)
    vi.stubGlobal('document', undefined)
    expect(pageSignals.isHidden!()).toBe(false)
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

  it('keep a process alive only by the timers that are to do so', () => {
    const timers = [false, undefined, true].map((keepsAlive) =>
      systemClock.setTimer(() => {}, 60_000, keepsAlive),
    ) as NodeJS.Timeout[]
    expect(timers.map((timer) => timer.hasRef())).toEqual([false, false, true])
    for (const timer of timers) systemClock.clearTimer(timer)
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
