import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { startPlayground } from '../../playground/server/start.ts'
import { expectNothingLeft } from '../support/leaks.ts'

expectNothingLeft()

const files: Readonly<Record<string, string>> = {
  'secret.txt': 'a secret',
  'web/index.html': '<!doctype html><p>index</p>',
  'web/favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'web/assets/index-abc123.js': 'export {}',
  'web/assets/index-abc123.css': 'p {}',
  'web/data.bin': 'bytes',
}

async function servePage(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-page-'))
  mkdirSync(join(root, 'web/assets'), { recursive: true })
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content)
  const playground = await startPlayground({ port: 0, host: '127.0.0.1', folder: join(root, 'web') })
  onTestFinished(async () => {
    await playground.close()
    rmSync(root, { recursive: true })
  })
  return playground.port
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends the path as it is, where `fetch` would tidy it up first. */
async function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  const asked = request({ port, host: '127.0.0.1', path, method, agent: false })
  const answered = once(asked, 'response')
  asked.end()
  const [response] = await answered
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

test('/metrics is that of the hubs of the chat and of the rooms, for Prometheus', async () => {
  const { status, headers, body } = await ask(await servePage(), '/metrics')
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('version=0.0.4')])
  expect(body).toContain('holdfast_sessions{hub="chat"} 0')
  expect(body).toContain('holdfast_channel_subscriptions{hub="rooms"} 0')
})

test.each([
  ['/', 'web/index.html', 'text/html; charset=utf-8', 'no-cache'],
  ['/?page=1', 'web/index.html', 'text/html; charset=utf-8', 'no-cache'],
  ['/favicon.svg', 'web/favicon.svg', 'image/svg+xml', 'no-cache'],
  ['/assets/index-abc123.js', 'web/assets/index-abc123.js', 'text/javascript; charset=utf-8', 'immutable'],
  ['/assets/index-abc123.css', 'web/assets/index-abc123.css', 'text/css; charset=utf-8', 'immutable'],
  ['/data.bin', 'web/data.bin', 'application/octet-stream', 'no-cache'],
])('%s is served with its type', async (path, file, type, cache) => {
  const { status, headers, body } = await ask(await servePage(), path)
  expect([status, body, headers['content-type']]).toEqual([200, files[file], type])
  expect(headers['cache-control']).toContain(cache)
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test('the page may load nothing from elsewhere, run nothing inline, and not be framed', async () => {
  const port = await servePage()
  for (const path of ['/', '/nothing', '/assets/index-abc123.js']) {
    const policy = String((await ask(port, path)).headers['content-security-policy'])
    const directives = new Map(
      policy.split('; ').map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)]),
    )
    expect(directives.get('default-src')).toEqual([`'none'`])
    expect(directives.get('frame-ancestors')).toEqual([`'none'`])
    expect(new Set([...directives.values()].flat())).toEqual(new Set([`'none'`, `'self'`]))
  }
})

test.each([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/.%00./secret.txt',
  '//secret.txt',
  '/assets',
  '/assets/',
  '/favicon.svg/',
  '/constructor',
  '/__proto__',
  'http://127.0.0.1/../secret.txt',
  '*',
])('%s leads nowhere', async (path) => {
  const { status, body } = await ask(await servePage(), path)
  expect([status, body]).toEqual([404, 'Not found\n'])
})

test('HEAD is answered without a body, and other methods than GET and HEAD are refused', async () => {
  const port = await servePage()
  const { status, headers, body } = await ask(port, '/', 'HEAD')
  expect([status, headers['content-length'], body]).toEqual([200, '27', ''])
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    expect(await ask(port, '/', method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
})

test('the playground does not start without a built page, and the error states the solution', async () => {
  const started = startPlayground({ port: 0, host: '127.0.0.1', folder: join(tmpdir(), 'no such folder') })
  await expect(started).rejects.toThrow('npm run build')
})
