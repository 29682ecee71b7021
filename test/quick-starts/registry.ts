import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { once } from 'node:events'
import type { Manifest } from '../package/published.ts'

/** A packed package, with the folder of its sources. */
export interface Tarball {
  readonly name: string
  readonly path: string
}

/** A registry that has the given packages, and asks the usual one for all others. */
export async function startRegistry(
  tarballs: readonly Tarball[],
): Promise<{ readonly url: string } & AsyncDisposable> {
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  const own = new Map(tarballs.map((tarball) => [tarball.name, tarball]))
  const files = new Map(tarballs.map(({ path }) => [basename(path), path]))

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const tarball = own.get(path)
    const file = files.get(path)
    if (file) return void response.end(readFileSync(file))
    if (tarball) {
      response.setHeader('content-type', 'application/json')
      return void response.end(JSON.stringify(document(tarball, url)))
    }
    // npm follows it, with what it needs to be let in.
    response.writeHead(302, { location: new URL((request.url ?? '').slice(1), upstream).href }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** What a registry says of a package with one version. */
function document({ name, path }: Tarball, url: string): object {
  const manifest = manifestIn(path)
  const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
  const { version } = manifest
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: url + basename(path), integrity } } },
  }
}

function manifestIn(path: string): Manifest & { readonly version: string } {
  const text = execFileSync('tar', ['-xzOf', path, 'package/package.json'], { encoding: 'utf8' })
  return JSON.parse(text) as ReturnType<typeof manifestIn>
}
