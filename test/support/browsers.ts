// Run as a program, it finds or installs all of them and prints a line for each: CHROMIUM=/usr/bin/chromium
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installSystemPackages, run } from './system-packages.ts'

/** The engines of the browser tests. */
export const engines = ['chromium', 'firefox', 'webkit'] as const
export type Engine = (typeof engines)[number]

interface Kind {
  readonly title: string
  /** The environment variable that names an executable. */
  readonly variable: string
  /** What the executable is called on a path, the best first. */
  readonly names: readonly string[]
  /** Where it is on Windows, in the folders of programs, and on macOS, in the folders of applications. */
  readonly programs: readonly string[]
  readonly applications: readonly string[]
  /** The packages of Debian and its kin. */
  readonly packages: readonly string[]
  readonly advice: string
}

const kinds: Readonly<Record<Engine, Kind>> = {
  chromium: {
    title: 'Chromium',
    variable: 'CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    programs: ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe'],
    applications: ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium'],
    packages: ['chromium'],
    advice:
      'Install Chromium or Google Chrome (Debian: `apt-get install chromium`), or set CHROMIUM to its executable',
  },
  firefox: {
    title: 'Firefox',
    variable: 'FIREFOX',
    names: ['firefox-esr', 'firefox'],
    programs: ['Mozilla Firefox/firefox.exe'],
    applications: ['Firefox.app/Contents/MacOS/firefox'],
    packages: ['firefox-esr'],
    advice: 'Install Firefox (Debian: `apt-get install firefox-esr`), or set FIREFOX to its executable',
  },
  webkit: {
    title: 'WebKit',
    variable: 'WEBKIT',
    names: ['WebKitWebDriver'],
    programs: [],
    applications: [],
    packages: ['webkit2gtk-driver', 'xvfb'],
    advice:
      'Install the driver of WebKitGTK and Xvfb (Debian: `apt-get install webkit2gtk-driver xvfb`), or elsewhere the\n' +
      "WebKit of Playwright (`npx playwright install webkit`), or set WEBKIT to the driver's executable",
  },
}

/**
 * Path of a browser that starts: the one that its variable names (`CHROMIUM`, `FIREFOX`, `WEBKIT`), else an installed
 * one, else a new one (as root on Debian and its kin the system package, else Playwright's download).
 *
 * For WebKit it is the driver of WebKitGTK, which needs Xvfb beside it, or Playwright's WebKit where there is none.
 *
 * @throws Error that says what to do, when there is none and none could be installed.
 */
export async function findBrowser(engine: Engine): Promise<string> {
  return (await findBrowsers([engine]))[engine]!
}

/** The same for several, which are installed in one go. */
export async function findBrowsers(wanted: readonly Engine[]): Promise<Partial<Record<Engine, string>>> {
  const found: Partial<Record<Engine, string>> = {}
  const look = async (): Promise<Engine[]> => {
    for (const engine of wanted) {
      const path = found[engine] ?? (await search(engine))
      if (path) found[engine] = path
    }
    return wanted.filter((engine) => !found[engine])
  }
  let missing = await look()
  if (missing.length > 0)
    process.stderr.write(`No ${missing.map((engine) => kinds[engine].title).join(', ')} found; installing.\n`)
  if (missing.length > 0) {
    await installSystemPackages(missing.map((engine) => kinds[engine].packages))
    missing = await look()
  }
  if (missing.length > 0) {
    const cli = join(dirname(createRequire(import.meta.url).resolve('playwright')), 'cli.js')
    await run(process.execPath, [cli, 'install', ...missing])
    missing = await look()
  }
  if (missing.length === 0) return found
  const needs = missing.map((engine) => {
    const { title, advice } = kinds[engine]
    return `The browser tests need ${title}, and neither was one found nor could one be installed.\n${advice}.\n`
  })
  throw new Error(`${needs.join('')}Then run \`npm test\` again.`)
}

/**
 * Path of a browser that is there, be it one that starts or not: for configurations, which must be quick.
 *
 * @throws Nothing: launching the browser reports what is wrong with it.
 */
export async function installedBrowser(engine: Engine): Promise<string | undefined> {
  const chosen = process.env[kinds[engine].variable]
  if (chosen) return chosen
  return candidates(engine).find((path) => existsSync(path)) ?? (await ownBrowser(engine))
}

/** Whether a browser is driven by W3C WebDriver. All others are driven by Playwright. */
export function isDriver(path: string): boolean {
  return basename(path).startsWith('WebKitWebDriver')
}

async function search(engine: Engine): Promise<string | undefined> {
  const { variable } = kinds[engine]
  const chosen = process.env[variable]
  if (chosen) {
    if (await starts(chosen)) return chosen
    throw new Error(`${variable} is set to ${chosen}, but that does not start. Correct it or unset it.`)
  }
  for (const path of candidates(engine)) {
    if (existsSync(path) && (await starts(path))) return path
  }
  const own = await ownBrowser(engine)
  // The wrapper of Playwright's WebKit knows no switch that only tells its version.
  return own && (engine === 'webkit' || (await starts(own))) ? own : undefined
}

function candidates(engine: Engine): string[] {
  const { names, programs, applications } = kinds[engine]
  const { HOME = '', LOCALAPPDATA = '', PATH = '', ProgramFiles = '' } = process.env
  if (process.platform === 'win32') {
    const roots = [ProgramFiles, process.env['ProgramFiles(x86)'] ?? '', LOCALAPPDATA].filter(Boolean)
    return within(roots, programs)
  }
  if (process.platform === 'darwin')
    return within(['/Applications', join(HOME, 'Applications')], applications)
  const folders = [...PATH.split(delimiter).filter(Boolean), '/usr/bin', '/usr/local/bin', '/snap/bin']
  const google = engine === 'chromium' ? ['/opt/google/chrome/chrome'] : []
  return [...within(folders, names), ...google]
}

function within(folders: readonly string[], files: readonly string[]): string[] {
  return files.flatMap((file) => folders.map((folder) => join(folder, file)))
}

/** The one that Playwright has downloaded. */
async function ownBrowser(engine: Engine): Promise<string | undefined> {
  const path = (await import('playwright'))[engine].executablePath()
  return existsSync(path) ? path : undefined
}

/** A file is not enough: a download may lack system libraries, and Ubuntu's packages are stubs that need snap. */
async function starts(path: string): Promise<boolean> {
  if (process.platform === 'win32') return existsSync(path) // chrome.exe --version would open a window
  const runs = (file: string, ...args: string[]): Promise<boolean> =>
    promisify(execFile)(file, args, { timeout: 20_000 }).then(
      () => true,
      () => false,
    )
  if (isDriver(path)) return (await runs(path, '--help')) && (await runs('Xvfb', '-help'))
  return runs(path, '--version')
}

if (import.meta.main)
  for (const [engine, path] of Object.entries(await findBrowsers(engines)))
    process.stdout.write(`${kinds[engine as Engine].variable}=${path}\n`)
