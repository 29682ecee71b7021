import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installSystemPackages } from './system-packages.ts'

/**
 * Path of a program whose package is called as it is: the one that its variable names (`NGINX` for nginx), else an
 * installed one, else a new one (as root on Debian and its kin).
 *
 * @throws Error that says what to do, when there is none and it could not be installed.
 */
export async function findProgram(name: string): Promise<string> {
  const variable = name.toUpperCase()
  const chosen = process.env[variable]
  if (chosen) return chosen
  // Servers are where only root has its path.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const look = (): string | undefined =>
    folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
  let path = look()
  if (path) return path
  await installSystemPackages([[name]])
  path = look()
  if (path) return path
  throw new Error(
    `The tests of proxies need ${name}, and neither was one found nor could one be installed.\n` +
      `Install it (Debian: \`apt-get install ${name}\`), or set ${variable} to its executable.`,
  )
}
