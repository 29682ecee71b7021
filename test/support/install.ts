import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Installs a project outside of the workspace from its lockfile. Quick if that was done before. */
export function install(folder: string, ...options: readonly string[]): void {
  const root = join(import.meta.dirname, '../..')
  const args = ['run', '-s', 'pn', '--', '-C', folder, 'install', '--reporter=append-only', ...options]
  execFileSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
}
