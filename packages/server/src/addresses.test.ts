import { describe, expect, it } from 'vitest'
import { countedAs, createTally, isLocal } from './addresses.ts'

describe('an address', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:0001::7%eth0', '2001:db8:1:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['', ''],
    ['somebody', 'somebody'],
  ])('%o counts as %o', (address, counted) => {
    expect(countedAs(address)).toBe(counted)
  })

  it.each([
    '127.0.0.1',
    '::ffff:127.0.0.1',
    '::1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.1',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '100.99.1.1',
    '100.100.1.1',
    '100.127.255.254',
    'fe80::1',
    'fd00::1',
  ])('%s is local', (address) => {
    expect(isLocal(address)).toBe(true)
  })

  it.each([
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '100.6.4.1',
    '2001:db8::1',
    '',
  ])('%o is not', (address) => {
    expect(isLocal(address)).toBe(false)
  })
})

describe('a tally', () => {
  it('counts up to its limit, down again, and forgets', () => {
    const tally = createTally(2)
    tally.add('a')
    expect(tally.isFull('a')).toBe(false)
    tally.add('a')
    expect(tally.isFull('a')).toBe(true)
    tally.delete('a')
    expect(tally.isFull('a')).toBe(false)
    tally.delete('a')
    tally.delete('a')
    expect(tally.size).toBe(0)
  })

  it('does not count who has no address', () => {
    const tally = createTally(1)
    for (let n = 0; n < 3; n++) tally.add('')
    expect([tally.isFull(''), tally.size]).toEqual([false, 0])
  })
})
