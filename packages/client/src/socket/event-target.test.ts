import { describe, expect, it, vi } from 'vitest'
import { systemPorts } from '../platform/ports.ts'
import { PlainEventTarget } from './event-target.ts'

const click = { type: 'click' }

// That of Node differs: it removes a listener of the other phase, and calls those that are added meanwhile.
describe('the EventTarget of platforms that have none', () => {
  const setUp = () => {
    const target = new PlainEventTarget()
    const heard: string[] = []
    return {
      target,
      heard,
      note: (what: string) => () => void heard.push(what),
      dispatch: () => target.dispatchEvent(click),
    }
  }

  it('calls functions and objects, in the order in which they were added, each once', () => {
    const { target, heard, note, dispatch } = setUp()
    const first = note('first')
    target.addEventListener('click', first)
    target.addEventListener('click', { handleEvent: note('object') })
    target.addEventListener('click', first)
    target.addEventListener('click', first, { capture: true })
    target.addEventListener('click', null)
    target.addEventListener('other', note('other'))
    expect(dispatch()).toBe(true)
    expect(heard).toEqual(['first', 'object', 'first'])
  })

  it('removes a listener by its type, its function and its phase', () => {
    const { target, heard, note, dispatch } = setUp()
    const listener = note('heard')
    target.addEventListener('click', listener)
    target.removeEventListener('other', listener)
    target.removeEventListener('click', listener, true)
    target.removeEventListener('click', null)
    dispatch()
    target.removeEventListener('click', listener, { capture: false })
    dispatch()
    expect(heard).toEqual(['heard'])
  })

  it('calls a listener once if that is wanted, and none after its signal', () => {
    const { target, heard, note, dispatch } = setUp()
    const abort = new AbortController()
    const { signal } = abort
    target.addEventListener('click', note('once'), { once: true })
    target.addEventListener('click', note('signal'), { signal })
    dispatch()
    abort.abort()
    target.addEventListener('click', note('late'), { signal })
    dispatch()
    expect(heard).toEqual(['once', 'signal'])
  })

  it('calls neither a listener that an earlier one removed, nor one that it added', () => {
    const { target, heard, note, dispatch } = setUp()
    const removed = note('removed')
    target.addEventListener('click', () => {
      target.removeEventListener('click', removed)
      target.addEventListener('click', note('added'))
    })
    target.addEventListener('click', removed)
    dispatch()
    expect(heard).toEqual([])
    dispatch()
    expect(heard).toEqual(['added'])
  })

  it('calls a function with the target as this', () => {
    const { target, dispatch } = setUp()
    const listener = vi.fn<(this: unknown) => void>()
    target.addEventListener('click', listener)
    dispatch()
    expect(listener.mock.contexts).toEqual([target])
  })
})

it('a listener that throws is reported, and the others are called', () => {
  const report = vi.spyOn(systemPorts, 'report').mockReturnValue()
  const target = new PlainEventTarget()
  const other = vi.fn<() => void>()
  const error = new Error('oops')
  target.addEventListener('click', () => {
    throw error
  })
  target.addEventListener('click', other)
  target.dispatchEvent(click)
  expect([report.mock.calls, other.mock.calls.length]).toEqual([[[error]], 1])
  report.mockRestore()
})
