import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Path of a Chromium or Chrome that starts: the one that `CHROMIUM` names, else an installed one, else a new one
 * (Playwright's download or, as root on Debian and its kin, the system package).
 *
 * @throws Error that says what to do, when there is none and none could be installed.
 */
export async function findChromium(): Promise<string> {
  const chosen = process.env['CHROMIUM']
  if (chosen) {
    if (await starts(chosen)) return chosen
    throw new Error(`CHROMIUM is set to ${chosen}, but that does not start. Correct it or unset it.`)
  }
  const installed = await search()
  if (installed) return installed

  process.stderr.write('No Chromium found; installing one.\n')
  const playwrightCli = join(dirname(createRequire(import.meta.url).resolve('playwright')), 'cli.js')
  await run(process.execPath, [playwrightCli, 'install', 'chromium'])
  const downloaded = await search()
  if (downloaded) return downloaded

  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    await run('apt-get', ['update'])
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'])
    const packaged = await search()
    if (packaged) return packaged
  }
  throw new Error(
    'The browser tests need Chromium, and neither was one found nor could one be installed.\n' +
      'Install Chromium or Google Chrome (Debian: `apt-get install chromium`), or set the environment variable\n' +
      'CHROMIUM to the path of its executable, then run `npm test` again.',
  )
}

async function search(): Promise<string | undefined> {
  for (const path of candidates()) {
    if (existsSync(path) && (await starts(path))) return path
  }
  return undefined
}

function candidates(): string[] {
  const { HOME = '', LOCALAPPDATA = '', PATH = '', ProgramFiles = '' } = process.env
  const own = chromium.executablePath()
  if (process.platform === 'win32') {
    const roots = [ProgramFiles, process.env['ProgramFiles(x86)'] ?? '', LOCALAPPDATA].filter(Boolean)
    const apps = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe']
    return [...within(roots, apps), own]
  }
  if (process.platform === 'darwin') {
    const roots = ['/Applications', join(HOME, 'Applications')]
    const apps = ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium']
    return [...within(roots, apps), own]
  }
  const folders = [...PATH.split(delimiter).filter(Boolean), '/usr/bin', '/usr/local/bin', '/snap/bin']
  return [...within(folders, names), '/opt/google/chrome/chrome', own]
}

function within(folders: readonly string[], files: readonly string[]): string[] {
  return files.flatMap((file) => folders.map((folder) => join(folder, file)))
}

/** A file is not enough: a download may lack system libraries, and Ubuntu's package is a stub that needs snap. */
async function starts(path: string): Promise<boolean> {
  if (process.platform === 'win32') return existsSync(path) // chrome.exe --version would open a window
  try {
    await promisify(execFile)(path, ['--version'], { timeout: 20_000 })
    return true
  } catch {
    return false
  }
}

/** Output goes to stderr, since this script's stdout is the path. The caller judges by what is there afterwards. */
async function run(command: string, args: string[]): Promise<void> {
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

if (import.meta.main) process.stdout.write(`${await findChromium()}\n`)
