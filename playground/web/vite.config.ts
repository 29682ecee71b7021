import { defineConfig } from 'vite'

/** `vite build` makes what `npm start` serves; `vite` alone serves the sources, beside a running `npm start`. */
const server = `http://localhost:${process.env['PORT'] ?? 4653}`

export default defineConfig({
  build: { modulePreload: { polyfill: false } },
  server: { proxy: { '/ws': { target: server, ws: true }, '/cut': server } },
})
