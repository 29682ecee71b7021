// `npm start`: the playground on http://localhost:4653, or as PORT and HOST specify. With `--docs`, it also builds the
// documentation, at a low priority, if that has changed since the last time. `npm start -- --nodes 3` starts several hubs instead, on
// the Redis that REDIS_URL names or one of their own.
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { startNodes } from './nodes/start.ts'
import { startPlayground } from './start.ts'

const { PORT = '4653', HOST = 'localhost', REDIS_URL: redis } = process.env
const nodes = process.argv.indexOf('--nodes')
const folder = join(import.meta.dirname, '../web/dist')
const docs = join(import.meta.dirname, '../../packages/docs')

try {
  const place = { port: readPort(PORT), host: HOST }
  const playground =
    nodes < 0
      ? await startPlayground({ ...place, folder, docs: join(docs, 'dist/site') })
      : await startNodes({ ...place, count: readCount(process.argv[nodes + 1]), redis })
  const url = `http://${HOST}:${playground.port}`
  const task = nodes < 0 ? 'pull the plug' : 'drain or kill nodes'
  console.log(`\n  Holdfast playground: ${url}\n  Open it and ${task}. Ctrl-C stops it.\n`)
  if (nodes < 0) console.log(`  Documentation: ${url}/docs/\n`)
  // A second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void playground.close())
  if (nodes < 0 && process.argv.includes('--docs')) buildDocs()
} catch (error) {
  console.error(explain(error))
  process.exitCode = 1
}

/** It ends with this process. */
function buildDocs(): void {
  const child = spawn(process.execPath, [join(docs, 'build.ts'), '--if-changed'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  child.on('error', (error) => console.error(error.message))
  if (child.pid !== undefined) setPriority(child.pid, 10)
  process.once('exit', () => child.kill())
  child.unref()
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`PORT must be a number from 0 to 65535, not '${text}'.`)
}

function readCount(text: string | undefined): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0 && count <= 20) return count
  throw new Error(`--nodes must be a number from 1 to 20, not '${text}'.`)
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `Port ${PORT} is taken. Choose another: PORT=8080 npm start`
  return message
}
