import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProgram } from '../proxies/stage.ts'
import { upTo } from '../session/pair.ts'
import { freePort } from '../support/port.ts'
import { RedisServer } from '../support/redis-server.ts'
import type { Fleet } from './fleet.ts'
import { createNodes } from './node-process.ts'
import type { NodeOptions } from './node-process.ts'
import type { Node } from './nodes.ts'

/** Processes that share a Redis, behind nginx, which sends every dial to the next one. */
export async function startProcessFleet(size: number, options: NodeOptions): Promise<Fleet> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await RedisServer.start())
  const nodes = stack.use(createNodes({ redisPort: server.port, ...options }))
  const ports = await Promise.all(upTo(size).map(freePort))
  const slots: Node[] = []
  for (const port of ports) slots.push(await nodes.start({ port }))
  const web = await freePort()
  stack.use(await startRoundRobin(web, ports))
  const owned = stack.move()

  return {
    about: 'processes behind nginx in round robin, Redis',
    nodes,
    size,
    url: () => `ws://127.0.0.1:${web}/ws`,
    async replace(slot) {
      await slots[slot]!.drain()
      slots[slot] = await nodes.start({ port: ports[slot]! })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** nginx in front of those ports. A port that does not listen is skipped, and tried again by the next dial. */
export function startRoundRobin(web: number, ports: readonly number[]): Promise<AsyncDisposable> {
  return startProgram('nginx', web, (folder) => {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const servers = ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`)
    const configuration = `
      daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      worker_rlimit_nofile 20000;
      events { worker_connections 20000; }
      http {
        access_log off; ${paths.join(' ')}
        upstream nodes { ${servers.join(' ')} }
        server {
          listen 127.0.0.1:${web} backlog=4096;
          location / {
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $host;
            proxy_read_timeout 90s;
          }
        }
      }`
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, configuration)
    return ['-e', 'stderr', '-c', file]
  })
}
