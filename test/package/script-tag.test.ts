import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import type { BuildOptions } from 'esbuild'
import { expect, it } from 'vitest'

const [client, socket] = await Promise.all([
  bundle({ entryPoints: ['index.ts'], globalName: 'Holdfast' }),
  bundle({ entryPoints: ['socket/script-tag.ts'] }),
])

async function bundle(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    absWorkingDir: join(import.meta.dirname, '../../packages/client/src'),
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'iife',
    conditions: ['@holdfast/source'],
  })
  return outputFiles[0]!.text
}

/** What `Holdfast` has after these scripts have run in a page. */
function namesAfter(...scripts: readonly string[]): string[] {
  const world = createContext({ URL })
  for (const script of scripts) runInContext(script, world)
  return runInContext('Object.keys(Holdfast)', world) as string[]
}

it('the script of the socket defines Holdfast.ReconnectingWebSocket', () => {
  expect(namesAfter(socket)).toEqual(['ReconnectingWebSocket', 'ping'])
})

it('the script of the socket keeps what the script of the client has defined', () => {
  const names = namesAfter(client, socket)
  expect(names).toEqual(expect.arrayContaining([...namesAfter(client), 'ReconnectingWebSocket']))
})
