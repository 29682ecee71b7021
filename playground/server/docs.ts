import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

const building = `<!doctype html>
<html lang="en">
<meta charset="utf-8" />
<meta http-equiv="refresh" content="3" />
<title>Holdfast documentation</title>
<p>The documentation is being built. This page reloads until it is there.</p>
</html>
`

/**
 * Serves the documentation below `/docs/`, and leaves all else to the next listener.
 *
 * The files are read when they are requested, because they are built while the server runs.
 */
export function withDocs(next: RequestListener, folder: string): RequestListener {
  return (request, response) => {
    const path = pathOf(request.url ?? '')
    if (path === '/docs') return void response.writeHead(301, { location: '/docs/' }).end()
    if (!path?.startsWith('/docs/')) return next(request, response)
    if (!['GET', 'HEAD'].includes(request.method ?? ''))
      return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
    if (!existsSync(join(folder, 'index.html'))) return answer(response, 503, '.html', Buffer.from(building))
    const file = join(folder, path.slice('/docs'.length).replace(/\/$/, '/index.html'))
    if (statSync(file, { throwIfNoEntry: false })?.isFile())
      return answer(response, 200, extname(file), readFileSync(file))
    answer(response, 404, '.html', readFileSync(join(folder, '404.html')))
  }
}

/** The path without its `..`. The names of our files need no `%`, so that what is encoded leads nowhere. */
function pathOf(url: string): string | undefined {
  if (!URL.canParse(url, 'http://localhost')) return undefined
  const { pathname } = new URL(url, 'http://localhost')
  return pathname.includes('%') ? undefined : pathname
}

function answer(response: ServerResponse, status: number, extension: string, body: Buffer): void {
  response.writeHead(status, {
    'content-type': contentTypes[extension] ?? 'application/octet-stream',
    'content-length': body.length,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(extension === '.html' ? { 'content-security-policy': policyFor(body.toString()) } : {}),
    ...(status === 503 ? { 'retry-after': '3' } : {}),
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** Allows the scripts that stand in the page, and none of another host. Code is coloured by attributes. */
function policyFor(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  )
  return (
    `default-src 'none'; script-src 'self' ${inline.join(' ')}; style-src 'self' 'unsafe-inline'; ` +
    `img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  )
}
