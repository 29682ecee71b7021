import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/port.ts'
import { blockOf, selfSign, startHub, startProgram, visit } from './stage.ts'
import type { BehindProxy } from './stage.ts'

/** The ports of a proxy, of which the second speaks TLS, and of what is behind it. */
interface Ports {
  readonly web: number
  readonly tls: number
  readonly hub: number
}

interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** The program, and the arguments by which it does what the guide says. */
const proxies: Readonly<
  Record<string, (folder: string, ports: Ports, certificate: Certificate) => readonly string[]>
> = {
  nginx(folder, { web, tls, hub }, { certificate, key }) {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const servers = [`listen 127.0.0.1:${web}`, `listen 127.0.0.1:${tls} ssl`].map(
      (listen) => `server {
        ${listen}; ssl_certificate ${certificate}; ssl_certificate_key ${key};
        ${blockOf('nginx')}
      }`,
    )
    const configuration = `
      daemon off; master_process off; pid ${folder}/pid; error_log stderr;
      events {}
      http {
        access_log off; ${paths.join(' ')}
        upstream backend { server 127.0.0.1:${hub}; }
        ${servers.join('\n')}
      }`
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, configuration)
    return ['-e', 'stderr', '-c', file]
  },
  haproxy(folder, { web, tls, hub }, { certificate }) {
    const configuration = blockOf('haproxy')
      .replace('bind :80', `bind 127.0.0.1:${web}\n  bind 127.0.0.1:${tls} ssl crt ${certificate}`)
      .replace(':8080', `:${hub}`)
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(file, `${configuration}\n`)
    return ['-f', file]
  },
}

describe.each(Object.keys(proxies))('%s as the guide has it, in front of a hub with its defaults', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-certificate-'))
  let ports: Ports
  let hub: BehindProxy
  let proxy: AsyncDisposable

  beforeAll(async () => {
    hub = await startHub()
    ports = { web: await freePort(), tls: await freePort(), hub: hub.port }
    const certificate = await selfSign(folder)
    proxy = await startProgram(name, ports.web, (own) => proxies[name]!(own, ports, certificate))
  })
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await hub?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it.each([
    ['http', 'http://example.com', 'web'],
    ['http on another port', 'http://example.com:8080', 'web'],
    ['https', 'https://example.com', 'tls'],
    ['https on another port', 'https://example.com:8443', 'tls'],
  ] as const)('lets the pages of %s in', async (_, origin, port) => {
    expect(await visit(ports[port], origin)).toBe('hello')
    const { protocol, host } = new URL(origin)
    expect(hub.headers.at(-1)).toMatchObject({ host, 'x-forwarded-proto': protocol.slice(0, -1) })
    const { 'x-real-ip': real, 'x-forwarded-for': forwarded } = hub.headers.at(-1)!
    expect(real ?? forwarded).toBe('127.0.0.1')
  })
})
