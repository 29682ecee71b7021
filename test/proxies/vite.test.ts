import { createServer } from 'vite'
import type { ProxyOptions, UserConfig } from 'vite'
import { expect, it } from 'vitest'
import { blockOf, startHub, visit } from './stage.ts'

/** The answer to a page of Vite's development server, with the configuration of the guide and these options. */
async function visitThroughVite(options: ProxyOptions = {}): Promise<unknown> {
  await using hub = await startHub()
  const module = `data:text/javascript,${encodeURIComponent(blockOf('js', '// vite.config.js'))}`
  const { default: config } = (await import(/* @vite-ignore */ module)) as { default: UserConfig }
  const proxy = config.server!.proxy!['/ws'] as ProxyOptions
  const target = `http://127.0.0.1:${hub.port}`
  const vite = await createServer({
    configFile: false,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0, proxy: { '/ws': { ...proxy, target, ...options } } },
  })
  try {
    await vite.listen()
    const address = vite.httpServer!.address() as { readonly port: number }
    return await visit(address.port, `http://localhost:${address.port}`)
  } finally {
    await vite.close()
  }
}

it('lets the pages of a development server in that forwards to a hub with its defaults', async () => {
  expect(await visitThroughVite()).toBe('hello')
})

it('lets them in with changeOrigin if the Origin is rewritten too, and not otherwise', async () => {
  expect(await visitThroughVite({ changeOrigin: true, rewriteWsOrigin: true })).toBe('hello')
  expect(await visitThroughVite({ changeOrigin: true })).toMatch('403')
})
