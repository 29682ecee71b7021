import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundle } from './subjects.ts'
import type { SubjectEntry } from './subjects.ts'

/** The server of the pages. Pages of several clients have several sites, so that none knows of the others. */
export interface Site extends AsyncDisposable {
  /** The page of a client that dials the URL. With `csp`, its policy allows connections to the site only. */
  page(url: string, options?: { readonly id?: string; readonly csp?: boolean }): string
  /** Another page of the same site. */
  readonly away: string
}

export async function startSite(
  subject: Pick<SubjectEntry, 'script'>,
  host: string = '127.0.0.1',
): Promise<Site> {
  const script = await bundle(subject)
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    const isScript = pathname === '/lab.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    if (searchParams.has('csp')) response.setHeader('content-security-policy', `default-src 'self'`)
    if (isScript) response.end(script)
    else if (pathname === '/page')
      response.end('<!doctype html><title>Page</title><script src="/lab.js"></script>')
    else response.end('<!doctype html><title>Away</title>')
  })
  http.listen(0, host)
  await once(http, 'listening')
  const origin = `http://${host}:${(http.address() as AddressInfo).port}`

  return {
    page: (url, { id = 'a', csp = false } = {}) =>
      `${origin}/page?${new URLSearchParams({ id, url, ...(csp && { csp: '' }) })}`,
    away: `${origin}/away`,
    async [Symbol.asyncDispose]() {
      http.close()
      http.closeAllConnections()
      if (http.listening) await once(http, 'close')
    },
  }
}
