import { findOnPath, installSystemPackages } from './system-packages.ts'

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
  let path = findOnPath(name)
  if (path) return path
  await installSystemPackages([[name]])
  path = findOnPath(name)
  if (path) return path
  throw new Error(
    `The tests of proxies need ${name}, and neither was one found nor could one be installed.\n` +
      `Install it (Debian: \`apt-get install ${name}\`), or set ${variable} to its executable.`,
  )
}
