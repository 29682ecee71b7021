import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach } from 'vitest'

export interface Program {
  readonly child: ChildProcessByStdio<null, Readable, null>
  /** Its next line. */
  line(): Promise<string>
}

export interface PrintedPrograms {
  /** Writes a program as it is printed, but for the port, and returns its path. */
  write(name: string, code: string, port: number): Promise<string>
  start(name: string): Program
}

/** Runs programs that the documentation prints, each test in a folder within `parent`: they find what they import there. */
export function usePrintedPrograms(parent: string): PrintedPrograms {
  let folder: string
  let children: Program['child'][]
  beforeEach(async () => {
    folder = await mkdtemp(join(parent, '.run-'))
    children = []
  })
  afterEach(async () => {
    for (const child of children) {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    await rm(folder, { recursive: true })
  })

  return {
    async write(name, code, port) {
      const file = join(folder, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, code.replaceAll('8080', String(port)))
      return file
    },
    start(name) {
      const child = spawn(process.execPath, ['--conditions=@holdfast/source', join(folder, name)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      const lines = linesOf(child.stdout)
      return { child, line: async () => (await lines.next()).value as string }
    },
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of stream.setEncoding('utf8')) {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop()!
    yield* parts
  }
}
