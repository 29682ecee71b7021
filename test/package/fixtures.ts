// Projects as users have them, in a folder of their own, with the tarballs installed: each is built, and then run
// against a real server, the page ones in Chromium. `node test/package/fixtures.ts Vue SvelteKit` tries only these.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, dirname, extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { install } from '../support/install.ts'
import { freePort } from '../support/port.ts'
import { startServer } from '../support/server.ts'
import { readQuickStart } from '../quick-starts/page.ts'
import { pack, published, run, temporaryFolder } from './published.ts'

process.env['NEXT_TELEMETRY_DISABLED'] = process.env['NUXT_TELEMETRY_DISABLED'] = '1'

interface Manifest {
  readonly dependencies?: object
  /** Which packages of the repository it uses besides the client. */
  readonly tarballs?: readonly string[]
}

const only = process.argv.slice(2)
const folder = temporaryFolder()
cpSync(join(import.meta.dirname, 'fixtures'), folder, {
  recursive: true,
  filter: (path) => basename(path) !== 'node_modules',
})
install(folder, '--frozen-lockfile')
const tarballs = published().map(({ name, folder: source }) => [name, `file:${pack(name, source, folder)}`])
for (const path of globSync('*/package.json', { cwd: folder })) {
  const manifest = JSON.parse(readFileSync(join(folder, path), 'utf8')) as Manifest
  const used = ['holdfast', ...(manifest.tarballs ?? [])]
  const own = Object.fromEntries(tarballs.filter(([name = '']) => used.includes(name)))
  const dependencies = { ...manifest.dependencies, ...own }
  writeFileSync(join(folder, path), JSON.stringify({ ...manifest, dependencies }))
}
install(folder, '--no-frozen-lockfile', '--prefer-offline')

await using server = await startServer()
const url = `${server.url}/echo`
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? (await findChromium()),
  args: chromiumArgs,
})
const libraries = ['express-ws', '@fastify/websocket', '@hono/node-ws', "Nest's WsAdapter", 'Socket.IO']
/** A hub and another WebSocket library on one HTTP server, attached in either order. */
const besides = [
  ['Next.js', 'next/server.mjs'],
  ...libraries.map((library) => [library, 'servers/main.mjs', library]),
].flatMap(([name, path = '', ...args]) =>
  ['before', 'after'].map((order) => [`A hub attached ${order} ${name}`, () => inNode(path, ...args, order)]),
)
const cases: Readonly<Record<string, () => Promise<void>>> = {
  'Node, ESM': () => inNode('node-esm/main.mjs', url),
  'Node, CommonJS': () => inNode('node-cjs/main.cjs', url),
  esbuild: () => inPage('esbuild', 'public'),
  webpack: () => inPage('webpack', 'public'),
  Vite: () => inPage('vite', 'dist'),
  'React Native, with Metro': inReactNative,
  'Next.js': () => rendered('next', 'node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p'),
  Vue: () => rendered('vue', 'server/server.js'),
  Nuxt: () => rendered('nuxt', '.output/server/index.mjs'),
  SvelteKit: () =>
    rendered('svelte', 'node_modules/vite/bin/vite.js', 'preview', '--host', '127.0.0.1', '--port'),
  ...Object.fromEntries(besides),
}
try {
  for (const [name, body] of Object.entries(cases)) {
    if (only.length > 0 && !only.includes(name)) continue
    const start = performance.now()
    const error = await body().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${error === undefined ? 'ok' : 'not ok'} ${name}, ${seconds} s`)
    if (error === undefined) continue
    console.error(error)
    process.exitCode = 1
  }
} finally {
  await browser.close()
}

/** Passes if the process ends by itself. */
async function inNode(path: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [basename(path), ...args], {
    cwd: join(folder, dirname(path)),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`exit ${code}`)
  if (output.trim().split('\n').at(-1) !== 'heard hello') throw new Error(`printed ${output}`)
}

async function inPage(name: string, dist: string): Promise<void> {
  run(join(folder, name), 'npm', 'run', '-s', 'build')
  const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }
  const files = createServer(({ url: target = '' }, response) => {
    const { pathname } = new URL(target, 'http://localhost')
    const path = join(folder, name, dist, pathname === '/' ? 'index.html' : pathname)
    const found = existsSync(path)
    response.writeHead(found ? 200 : 404, { 'content-type': types[extname(path)] ?? 'text/plain' })
    response.end(found ? readFileSync(path) : '')
  })
  files.listen(0, '127.0.0.1')
  await once(files, 'listening')
  try {
    await see((files.address() as AddressInfo).port, 'main', 'heard hello')
  } finally {
    files.close()
    files.closeAllConnections()
  }
}

/** The server renders the page, the browser hydrates it without errors, and the bindings receive events. */
async function rendered(name: string, ...command: readonly string[]): Promise<void> {
  const cwd = join(folder, name)
  run(cwd, 'npm', 'run', '-s', 'build')
  const port = await freePort()
  const preload = pathToFileURL(join(folder, 'no-dial.mjs')).href
  const child = spawn(process.execPath, ['--import', preload, ...command, String(port)], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) },
  })
  const ended = once(child, 'close')
  try {
    await new Promise<void>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => void (line.includes(String(port)) && resolve()))
      child.on('close', (code) => reject(new Error(`${command.join(' ')}: exit ${code}`)))
    })
    const html = (await (await fetch(`http://127.0.0.1:${port}/`)).text()).replaceAll(/<!--.*?-->/g, '')
    for (const text of ['idle, heard nothing', ...(name === 'next' ? ['going-away'] : [])]) {
      if (!html.includes(text)) throw new Error(`the server did not render '${text}', but ${html}`)
    }
    await see(port, 'button', 'open, heard hello', 'open, heard nothing')
  } finally {
    child.kill()
    await ended
  }
}

/** The files of the page, bundled as for a phone, and run with what React Native has. */
async function inReactNative(): Promise<void> {
  const cwd = join(folder, 'react-native')
  for (const step of readQuickStart('react-native').steps) {
    if (step.kind !== 'file') continue
    const text = step.text.replace('wss://chat.example.com/ws', `${server.url}/session`)
    if (step.name === 'client.ts' && text === step.text) throw new Error('the page has another URL')
    writeFileSync(join(cwd, step.name), text)
  }
  run(cwd, 'npm', 'run', '-s', 'build')
  await inNode('react-native/run.mjs')
}

/** Waits for a text, and for one to click on before. The element stays the same, and nothing is logged as an error. */
async function see(port: number, selector: string, text: string, before?: string): Promise<void> {
  const page = await browser.newPage()
  page.setDefaultTimeout(20_000)
  const errors: string[] = []
  await page.addInitScript((name) => {
    document.addEventListener('readystatechange', () => {
      // No module of the page has run yet.
      if (document.readyState === 'interactive')
        Object.assign(globalThis, { rendered: document.querySelector(name) })
    })
  }, selector)
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())))
  try {
    await page.goto(`http://127.0.0.1:${port}/?url=${url}`)
    if (before) await page.locator(selector, { hasText: before }).click()
    await page.locator(selector, { hasText: text }).waitFor()
    const isKept = await page.evaluate(`document.querySelector('${selector}') === rendered`)
    if (!isKept) throw new Error('the page has replaced what the server has rendered')
  } catch (error) {
    throw new Error(errors.join('\n') || `the page says: ${await page.locator('body').textContent()}`, {
      cause: error,
    })
  } finally {
    await page.close()
  }
  if (errors.length > 0) throw new Error(errors.join('\n'))
}
