import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

/**
 * `vite build` creates the files that `npm start` serves; `vite` alone serves the sources, beside a running `npm
 * start`.
 */
const server = `http://localhost:${process.env['PORT'] ?? 4653}`

/** Serves the builds of the client unchanged, under `/lib`, for the pages that test them. */
function clientBuilds(): Plugin {
  return {
    name: 'client-builds',
    apply: 'build',
    generateBundle() {
      const folder = dirname(fileURLToPath(import.meta.resolve('holdfast')))
      for (const file of readdirSync(folder))
        if (/\.js(\.map)?$/.test(file))
          this.emitFile({ type: 'asset', fileName: `lib/${file}`, source: readFileSync(join(folder, file)) })
    },
  }
}

export default defineConfig({
  build: { modulePreload: { polyfill: false } },
  plugins: [clientBuilds()],
  server: {
    proxy: {
      '/ws': { target: server, ws: true },
      '/session': { target: server, ws: true },
      '/rooms': { target: server, ws: true },
      '/scenes': { target: server, ws: true },
      '/cut': server,
      '/plug': server,
      '/unplug': server,
      '/trouble': server,
    },
  },
})
