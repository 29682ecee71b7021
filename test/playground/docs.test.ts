import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { withDocs } from '../../playground/server/docs.ts'
import { expectNothingLeft } from '../support/leaks.ts'

expectNothingLeft()

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Serves a folder that has the given files, and a secret beside it. */
async function serve(files: Readonly<Record<string, string>>): Promise<(path: string) => Promise<Answer>> {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-docs-'))
  const folder = join(root, 'site')
  mkdirSync(join(folder, 'guides'), { recursive: true })
  writeFileSync(join(root, 'secret.txt'), 'a secret')
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content)
  const server = createServer(withDocs((_, response) => response.end('the playground'), folder))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    rmSync(root, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  // `fetch` would tidy the path up.
  return async (path) => {
    const [response] = await once(request({ port, host: '127.0.0.1', path, agent: false }).end(), 'response')
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }
}

const script = 'document.title = "dark"'
const site = {
  'index.html': `<!doctype html><script>${script}</script><script src="/docs/app.js"></script>`,
  '404.html': 'no such page',
  'guides/sessions.html': 'sessions',
}

test('the documentation is served below /docs, and everything else by the playground', async () => {
  const get = await serve(site)
  expect((await get('/docs/')).body).toBe(site['index.html'])
  expect((await get('/docs/guides/sessions.html?q')).body).toBe('sessions')
  expect(await get('/docs')).toMatchObject({ status: 301, headers: { location: '/docs/' } })
  expect(await get('/docs/guides/none.html')).toMatchObject({ status: 404, body: 'no such page' })
  for (const path of ['/', '/docsx', '/assets/index.js'])
    expect((await get(path)).body).toBe('the playground')
})

test.each([
  '/docs/../secret.txt',
  '/docs/../../secret.txt',
  '/docs/%2e%2e/secret.txt',
  '/docs/..%2fsecret.txt',
  '/docs/guides\\..\\..\\secret.txt',
  '//docs/../secret.txt',
])('no file beside the documentation is served: %s', async (path) => {
  const get = await serve(site)
  expect((await get(path)).body).not.toContain('a secret')
})

test('until the documentation is built, a page says so and reloads', async () => {
  const get = await serve({})
  const { status, headers, body } = await get('/docs/guides/sessions.html')
  expect(status).toBe(503)
  expect(headers['retry-after']).toBe('3')
  expect(body).toContain('http-equiv="refresh"')
})

test('a page of the documentation may run its own scripts, and none of another host', async () => {
  const get = await serve(site)
  const policy = String((await get('/docs/')).headers['content-security-policy'])
  const hash = createHash('sha256').update(script).digest('base64')
  expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`)
  expect(policy).toContain(`default-src 'none'`)
  expect(policy).not.toMatch(/https?:/)
})
