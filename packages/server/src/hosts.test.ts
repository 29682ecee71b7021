import { describe, expect, it } from 'vitest'
import { setUp } from '../test/support/set-up.ts'
import { createHub } from './index.ts'
import type { Hosts } from './index.ts'
import { createPageCheck } from './origins.ts'

const listeningOn = (address: unknown) => ({ address: () => address })
const loopback = listeningOn({ address: '127.0.0.1', port: 8080 })

describe('a server that listens on loopback only', () => {
  const ask = (host: string, server: unknown = loopback, headers = {}): string =>
    createPageCheck({ origins: undefined, hosts: undefined, reportTrouble() {} })(
      { headers: { ...headers, host, origin: `http://${host}` } },
      server,
    )

  it.each([
    'localhost',
    'localhost:5173',
    'LOCALHOST:8080',
    'app.localhost:3000',
    '127.0.0.1:3000',
    '127.8.9.1',
    '[::1]:8080',
    '192.168.1.5:5173',
  ])('takes a page that has reached it as %s', (host) => {
    expect(ask(host)).toBe('welcome')
  })

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    'evillocalhost',
    '127.0.0.1.evil.example',
    '',
  ])('refuses a page that has reached it as %o, a name that somebody else may own', (host) => {
    expect(ask(host)).toBe('host')
  })

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('is known by its address %s', (address) => {
    expect(ask('evil.example', listeningOn({ address }))).toBe('host')
  })

  it.each<[unknown]>([
    [null],
    [{}],
    [listeningOn(null)],
    [listeningOn('/run/hub.sock')],
    [listeningOn({ address: '::' })],
    [listeningOn({ address: '0.0.0.0' })],
    [listeningOn({ address: '192.168.1.1' })],
  ])('is not one that says something else: %o', (server) => {
    expect(ask('example.com', server)).toBe('welcome')
  })

  it.each(['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'])(
    'leaves names to the proxy in front of it, which is known by %s',
    (header) => {
      expect(ask('example.com', loopback, { [header]: '203.0.113.1' })).toBe('welcome')
    },
  )

  it('takes pages by their origin alone when there are `origins`', () => {
    const headers = { host: 'evil.example', origin: 'http://evil.example' }
    for (const origins of ['*', ['http://evil.example'], () => true] as const)
      expect(createPageCheck({ origins, hosts: undefined, reportTrouble() {} })({ headers }, loopback)).toBe(
        'welcome',
      )
  })

  it('is asked by the socket of a request that was accepted elsewhere', () => {
    const { dial } = setUp()
    const request = (host: string) => ({
      headers: { host, origin: `http://${host}` },
      socket: { remoteAddress: '127.0.0.1', server: loopback },
    })
    expect(dial(request('evil.example')).socket.closedWith?.code).toBe(4403)
    expect(dial(request('localhost:8080')).socket.closedWith).toBeUndefined()
  })
})

describe('hosts', () => {
  const check = (hosts: Hosts) => createPageCheck({ origins: '*', hosts, reportTrouble() {} })

  it('are those under which pages may reach the server, on any port', () => {
    const ask = check(['example.com', 'b\u00fccher.example', '[::1]'])
    const verdict = (host?: string) => ask({ headers: { host, origin: 'https://page.example' } })
    for (const host of ['example.com', 'EXAMPLE.com:8443', 'xn--bcher-kva.example', '[::1]:80'])
      expect(verdict(host)).toBe('welcome')
    for (const host of [
      'evil.example',
      'www.example.com',
      'example.com.',
      'example.com@evil.example',
      '',
      undefined,
    ])
      expect(verdict(host)).toBe('host')
  })

  it('do not concern who comes from no page, and may be any', () => {
    expect(check(['example.com'])({ headers: { host: 'other' } })).toBe('welcome')
    expect(check('*')({ headers: { host: 'other', origin: 'https://x' } }, loopback)).toBe('welcome')
  })

  it.each<[unknown]>([
    ['example.com'],
    [true],
    [[/example/]],
    [['https://example.com']],
    [['example.com:8080']],
    [['*.example.com']],
    [['example.com/path']],
    [['']],
  ])('cannot be %o', (hosts) => {
    expect(() => createHub({ hosts: hosts as Hosts })).toThrow(/hosts must be|is not a host/)
  })
})
