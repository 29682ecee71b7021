// `npm run bench`: every script in turn. Needs the packages to be built. Figures of one run may be compared with each
// other, those of different runs or machines may not.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { print } from './figures.ts'

const scripts = [
  'size',
  'reconnect',
  'resume',
  'availability',
  'black-hole',
  'queue',
  'receive',
  'send',
  'socket',
  'emit',
  'awaited',
  'drained',
  'latency',
  'broadcast',
  'channels',
  'deliveries',
  'channel-memory',
  'compression',
  'bytes',
  'memory',
  'hub-memory',
  'expiry',
  'page',
  'first-healed',
  'store',
  'redis',
  'moves',
]
const packages = [
  'holdfast',
  '@socket.io/redis-adapter',
  '@socket.io/redis-streams-adapter',
  'redis',
  'partysocket',
  'reconnecting-websocket',
  'socket.io',
  'socket.io-client',
  'ws',
  'mitt',
  'eventemitter3',
  'esbuild',
]

const modules = join(import.meta.dirname, '../node_modules')
if (!existsSync(join(modules, 'holdfast/dist/index.js'))) {
  console.error('holdfast is not built: run npm run build first')
  process.exit(1)
}
const versions = packages.map((name) => {
  const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return [name, version]
})
print(
  'Versions',
  ['', 'version'],
  [
    ['Node', process.version],
    ['CPUs', `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`],
    ...versions,
  ],
)

for (const script of scripts) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${script}.ts`)], {
    stdio: 'inherit',
    timeout: 300_000,
  })
  if (status !== 0) {
    console.error(`\n${script} failed`)
    process.exit(1)
  }
}
