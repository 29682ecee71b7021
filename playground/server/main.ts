// `npm start`: the playground on http://localhost:4653, or as PORT and HOST specify.
import { join } from 'node:path'
import { startPlayground } from './start.ts'

const { PORT = '4653', HOST = 'localhost' } = process.env
const folder = join(import.meta.dirname, '../web/dist')

try {
  const playground = await startPlayground({ port: readPort(PORT), host: HOST, folder })
  console.log(
    `\n  Holdfast playground: http://${HOST}:${playground.port}\n  Open it and pull the plug. Ctrl-C stops it.\n`,
  )
  // A second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void playground.close())
} catch (error) {
  console.error(explain(error))
  process.exitCode = 1
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
