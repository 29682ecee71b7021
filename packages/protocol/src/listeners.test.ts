import { settleMicrotasks } from '@holdfast/testing'
import { describe, expect, it, vi } from 'vitest'
import { createRegistry } from '../test/support/registry.ts'
import { createListeners } from './listeners.ts'

function setUp() {
  const registry = createRegistry()
  const reported: unknown[] = []
  const listeners = createListeners(registry, (error) => reported.push(error))
  return { ...listeners, keys: registry.all, reported }
}

describe('listeners', () => {
  it('of a key are called in order, with all values, and no others are', () => {
    const { on, emit } = setUp()
    const calls: unknown[] = []
    on('a', (...values) => calls.push(['first', ...values]))
    on('a', (...values) => calls.push(['second', ...values]))
    on('b', () => expect.unreachable())
    expect(emit('a', 1, 2)).toBe(true)
    expect(emit('c', 1)).toBe(false)
    expect(calls).toEqual([
      ['first', 1, 2],
      ['second', 1, 2],
    ])
  })

  it('are removed in place again after one whose report threw', () => {
    const registry = createRegistry()
    const { on, emit } = createListeners(registry, (error) => {
      throw error
    })
    const remove = on('a', () => {
      throw new Error('thrown on')
    })
    on('a', () => {})
    expect(() => emit('a')).toThrow('thrown on')
    const before = registry.all.get('a')
    remove()
    expect(registry.all.get('a')).toBe(before)
    expect(before).toHaveLength(1)
  })

  it('must be functions', () => {
    const { on, once } = setUp()
    for (const add of [on, once])
      expect(() => add('a', 5 as never)).toThrow(expect.objectContaining({ code: 'misuse' }) as Error)
  })

  it('are removed one registration at a time, and a key is forgotten with the last one', () => {
    const { on, off, emit, keys } = setUp()
    const listener = vi.fn()
    const remove = on('a', listener)
    on('a', listener)
    remove()
    remove()
    emit('a')
    expect(listener).toHaveBeenCalledOnce()
    off('a', () => {})
    off('b', listener)
    off('a', listener)
    expect(emit('a')).toBe(false)
    expect(keys.size).toBe(0)
  })

  it('are called once if they want to be', () => {
    const { once, emit, keys } = setUp()
    const listener = vi.fn(() => void emit('a'))
    once('a', listener)
    expect([emit('a'), emit('a')]).toEqual([true, false])
    expect([listener.mock.calls.length, keys.size]).toEqual([1, 0])
  })

  it('that throw or reject are reported, and break nothing', async () => {
    const { on, emit, reported } = setUp()
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    on('a', () => {
      throw thrown
    })
    on('a', () => Promise.reject(rejected))
    const last = vi.fn()
    on('a', last)
    emit('a')
    await settleMicrotasks()
    expect(last).toHaveBeenCalledOnce()
    expect(reported).toEqual([thrown, rejected])
  })

  it('are all forgotten at once', () => {
    const { on, emit, clear } = setUp()
    const late = vi.fn()
    on('a', () => {
      clear()
      remove()
    })
    const remove = on('a', late)
    on('b', late)
    expect([emit('a'), emit('b')]).toEqual([true, false])
    expect(late).not.toHaveBeenCalled()
  })
})

describe('while listeners are called', () => {
  it('those that are removed are not called any more, and all others are', () => {
    const { on, emit, keys } = setUp()
    const calls: string[] = []
    const removers: (() => void)[] = []
    removers.push(
      on('a', () => {
        calls.push('first')
        removers[0]!()
        removers[2]!()
      }),
      on('a', () => calls.push('second')),
      on('a', () => calls.push('third')),
      on('a', () => calls.push('fourth')),
    )
    emit('a')
    expect(calls).toEqual(['first', 'second', 'fourth'])
    emit('a')
    expect(calls.slice(3)).toEqual(['second', 'fourth'])
    removers[1]!()
    removers[3]!()
    expect(keys.size).toBe(0)
  })

  it('nobody hears of an event whose listeners are all removed', () => {
    const { once, emit, off } = setUp()
    const heard: boolean[] = []
    const second = vi.fn()
    once('a', () => {
      off('a', second)
      heard.push(emit('a'))
    })
    once('a', second)
    expect(emit('a')).toBe(true)
    expect(heard).toEqual([false])
    expect(second).not.toHaveBeenCalled()
  })

  it('a listener that is registered twice is removed twice', () => {
    const { on, off, emit } = setUp()
    on('a', () => {
      off('a', second)
      off('a', second)
    })
    const second = vi.fn()
    on('a', second)
    on('a', second)
    emit('a')
    expect(second).not.toHaveBeenCalled()
  })

  it('those that are added are called from the next time on', () => {
    const { on, emit } = setUp()
    const added = vi.fn()
    const remove = on('a', () => {
      on('a', added)
    })
    emit('a')
    expect(added).not.toHaveBeenCalled()
    remove()
    emit('a')
    expect(added).toHaveBeenCalledOnce()
  })
})
