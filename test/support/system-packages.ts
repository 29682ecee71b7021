import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Installs sets of packages, as root on Debian and its kin. The caller judges by what is there afterwards. */
export async function installSystemPackages(sets: readonly (readonly string[])[]): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return
  await run('apt-get', ['update'])
  // One by one: what this system does not have must not keep it from the others.
  for (const packages of sets) await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages])
}

/** Installs a program of a small package in every usual way: also with sudo if it does not ask, and on macOS with Homebrew. */
export async function installProgram(debian: string, homebrew: string): Promise<void> {
  if (process.platform === 'darwin') return run('brew', ['install', homebrew])
  if (process.getuid?.() === 0) return installSystemPackages([[debian]])
  if (!existsSync('/etc/debian_version') || !findOnPath('sudo')) return
  await run('sudo', ['-n', 'apt-get', 'update'])
  await run('sudo', ['-n', 'apt-get', 'install', '-y', '--no-install-recommends', debian])
}

/** Path of an installed program, also of a server, where only root has its path. */
export function findOnPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Output goes to stderr, since a script's stdout may be its result. Whether it failed, the caller finds out. */
export async function run(command: string, args: readonly string[]): Promise<void> {
  process.stderr.write(`$ ${[command, ...args].join(' ')}\n`)
  await new Promise<void>((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], env, timeout: 600_000 })
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve()
    })
    child.on('close', () => resolve())
  })
}
