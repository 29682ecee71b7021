import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { extname, join, sep } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * Serves the files of a folder, as they are at the start.
 *
 * The files are read once, so a request cannot reach any other file, however its path is written.
 *
 * @throws when there is no `index.html` in the folder
 */
export function servePage(folder: string): RequestListener {
  if (!existsSync(join(folder, 'index.html'))) throw new Error('The page is not built. Run: npm run build')
  const files = readFiles(folder)

  return (request, response) => {
    const file = files.get(request.url?.split('?', 1)[0] ?? '')
    if (!['GET', 'HEAD'].includes(request.method ?? ''))
      return void response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end()
    if (!file)
      return void response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end('Not found\n')
    response.writeHead(200, { ...headers, ...file.headers, 'content-length': file.body.length })
    response.end(request.method === 'HEAD' ? undefined : file.body)
  }
}

interface File {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function readFiles(folder: string): Map<string, File> {
  const files = new Map<string, File>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const url = path
      .slice(folder.length)
      .replaceAll(sep, '/')
      .replace(/^\/index\.html$/, '/')
    // The names of built assets contain a hash of their content.
    const cache = url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    const type = contentTypes[extname(path)] ?? 'application/octet-stream'
    files.set(url, { headers: { 'content-type': type, 'cache-control': cache }, body: readFileSync(path) })
  }
  return files
}
