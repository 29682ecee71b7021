// `npm start`: the playground on http://localhost:4653, or as PORT and HOST specify. With `--docs`, it also builds the
// documentation, at a low priority, if that has changed since the last time.
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { startPlayground } from './start.ts'

const { PORT = '4653', HOST = 'localhost' } = process.env
const folder = join(import.meta.dirname, '../web/dist')
const docs = join(import.meta.dirname, '../../packages/docs')

try {
  const playground = await startPlayground({
    port: readPort(PORT),
    host: HOST,
    folder,
    docs: join(docs, 'dist/site'),
  })
  console.log(
    `\n  Holdfast playground: http://${HOST}:${playground.port}\n  Open it and pull the plug. Ctrl-C stops it.\n  Documentation: http://${HOST}:${playground.port}/docs/\n`,
  )
  // A second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void playground.close())
  if (process.argv.includes('--docs')) buildDocs()
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

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `Port ${PORT} is taken. Choose another: PORT=8080 npm start`
  return message
}
