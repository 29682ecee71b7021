import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Member } from './broker.ts'
import { MemberView } from './member-view.ts'

const member = (key: string, identity: string | null = null, data?: string): Member => ({
  key,
  identity,
  data,
})

describe('the members of a channel', () => {
  it('are told as changes under growing versions', () => {
    const view = new MemberView(false)
    view.load({ version: 5, members: [member('a', 'anna', '1'), member('b')] })
    expect(view.changes()).toEqual({ version: 1, set: ['["a","anna",1]', '["b",null]'], gone: [] })
    expect(view.changes()).toBeUndefined()
    expect(view.take({ version: 6, key: 'a', member: member('a', 'anna', '2') })).toBe('next')
    expect(view.take({ version: 7, key: 'b', member: undefined })).toBe('next')
    expect(view.changes()).toEqual({ version: 2, set: ['["a","anna",2]'], gone: ['"b"'] })
    expect([...view.sent]).toEqual(['["a","anna",2]'])
  })

  it('are not told if they are the same again', () => {
    const view = new MemberView(false)
    view.load({ version: 1, members: [member('a')] })
    view.changes()
    view.take({ version: 2, key: 'b', member: member('b') })
    view.take({ version: 3, key: 'b', member: undefined })
    view.take({ version: 4, key: 'a', member: undefined })
    view.take({ version: 5, key: 'a', member: member('a') })
    expect([view.changes(), view.version]).toEqual([undefined, 1])
  })

  it('are read again when a change is missing, and old ones are dropped', () => {
    const view = new MemberView(false)
    view.load({ version: 3, members: [member('a'), member('b')] })
    expect(view.take({ version: 5, key: 'c', member: member('c') })).toBe('hole')
    expect(view.take({ version: 3, key: 'a', member: undefined })).toBe('old')
    view.load({ version: 5, members: [member('b'), member('c')] })
    expect(view.changes()).toMatchObject({ set: ['["b",null]', '["c",null]'], gone: [] })
  })

  it('are one by identity, as long as one of its sessions is there', () => {
    const view = new MemberView(true)
    view.load({
      version: 0,
      members: [member('1', 'anna', '"old"'), member('2', 'anna', '"new"'), member('3')],
    })
    expect(view.changes()!.set).toEqual(['["anna","anna","new"]', '["3",null]'])
    view.take({ version: 1, key: '2', member: undefined })
    expect(view.changes()).toEqual({ version: 2, set: ['["anna","anna","old"]'], gone: [] })
    view.take({ version: 2, key: '1', member: undefined })
    view.take({ version: 3, key: 'nobody', member: undefined })
    expect(view.changes()).toEqual({ version: 3, set: [], gone: ['"anna"'] })
  })

  it('come to the same, however they were told', () => {
    const change = fc.record({
      key: fc.constantFrom('1', '2', '3', '4'),
      isThere: fc.boolean(),
      identity: fc.constantFrom('anna', 'bert', null),
      data: fc.constantFrom('1', '2', undefined),
      isTold: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(change), fc.boolean(), (changes, byIdentity) => {
        const view = new MemberView(byIdentity)
        const subscriber = new Map<string, string>()
        const listen = (): void => {
          const { set = [], gone = [] } = view.changes() ?? {}
          for (const text of set) subscriber.set((JSON.parse(text) as [string])[0], text)
          for (const key of gone) subscriber.delete(JSON.parse(key) as string)
        }
        const all = new Map<string, Member>()
        changes.forEach(({ key, isThere, identity, data, isTold }, index) => {
          const now = isThere ? member(key, identity, data) : undefined
          all.delete(key)
          if (now) all.set(key, now)
          view.take({ version: index + 1, key, member: now })
          if (isTold) listen()
        })
        listen()
        const fresh = new MemberView(byIdentity)
        fresh.load({ version: 0, members: [...all.values()] })
        fresh.changes()
        expect([...subscriber.values()].toSorted()).toEqual([...fresh.sent].toSorted())
      }),
    )
  })
})
