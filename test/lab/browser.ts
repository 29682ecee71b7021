import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromiumArgs } from '../support/chromium-args.ts'
import { findChromium } from '../support/chromium.ts'
import { createDevTools } from './devtools.ts'
import { createTab } from './tab.ts'
import type { Tab } from './tab.ts'

export interface BrowserOptions {
  /** Beside those that every Chromium of the tests gets. */
  readonly flags?: readonly string[]
  /** A command in front of the browser's own, such as `nsenter` with its arguments. */
  readonly within?: readonly string[]
}

/** A Chromium with a new profile and the defaults that people have: hidden tabs are throttled, and pages are cached. */
export interface Browser extends AsyncDisposable {
  /** Such as `Chromium 156.0.8078.79`. */
  readonly version: string
  /** Opens a tab, in front of the others, at `about:blank`. */
  tab(): Promise<Tab>
  /** The same in a window of its own, so that both can be seen. */
  window(): Promise<Tab>
}

/** How long the browser may take to end by itself, in milliseconds. */
const patience = 3_000

/** How to end each browser that runs, should this process end before it. */
const running = new Set<() => void>()
process.once('exit', () => {
  for (const end of running) end()
})

/** No launcher of an automation library is used: what they set by default switches off what is to be tested here. */
export async function startBrowser({ flags = [], within = [] }: BrowserOptions = {}): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-lab-'))
  const [command, ...args] = [
    ...within,
    await findChromium(),
    '--headless=new',
    '--no-first-run',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    ...chromiumArgs,
    ...flags,
    'about:blank',
  ]
  // A browser whose pipe is closed ends, so none is left when this process is killed. Its profile may be.
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  const removeProfile = (): void => rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  const endAtOnce = (): void => {
    child.kill('SIGKILL')
    removeProfile()
  }
  running.add(endAtOnce)
  const devTools = createDevTools(child.stdio[3] as Writable, child.stdio[4] as Readable)
  child.on('error', (error) => devTools.close(error.message))
  child.on('exit', (code, signal) => devTools.close(`the browser ended with ${code ?? signal}`))

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const asked = devTools.send('Browser.close').catch(() => {})
    const timer = setTimeout(() => child.kill('SIGKILL'), patience)
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await ended
    clearTimeout(timer)
    await asked
    for (const pipe of child.stdio) pipe?.destroy()
    await persistently(removeProfile)
    running.delete(endAtOnce)
  }

  try {
    const { product } = await devTools.send<{ product: string }>('Browser.getVersion')
    return {
      version: product.replace(/^(?:Headless)?Chrome\//, 'Chromium '),
      tab: () => createTab(devTools),
      window: () => createTab(devTools, true),
      [Symbol.asyncDispose]: () => (closing ??= close()),
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Processes of the browser that end after it still write there for a moment. */
async function persistently(remove: () => void): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return remove()
    } catch (error) {
      if (tries === 10) throw error
      await sleep(100)
    }
  }
}
