import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './port.ts'

/** A window of WebKitGTK, driven by W3C WebDriver, on a virtual display of its own. */
export interface WebDriverWindow extends AsyncDisposable {
  /** Of the engine, as in `2.50.6`. */
  readonly version: string
  /** Resolves when the page is loaded. */
  open(url: string): Promise<void>
  back(): Promise<void>
  /** The value of an expression in the page. A promise is waited for. */
  ask(expression: string): Promise<unknown>
}

interface Session {
  readonly sessionId: string
  readonly capabilities: { readonly browserVersion: string }
}

/** How long the driver may take to listen, and to answer, in milliseconds. */
const startTimeout = 20_000
const answerTimeout = 60_000

/**
 * Starts the driver of WebKitGTK, which starts a browser.
 *
 * The browser lives as long as its display, and that not longer than this process.
 *
 * @throws Error with what the driver printed, when it or its display does not start.
 * @see https://www.w3.org/TR/webdriver2/
 */
export async function openWindow(driverPath: string): Promise<WebDriverWindow> {
  const children: ChildProcess[] = []
  const stop = (): void => {
    for (const child of children) child.kill()
  }
  process.once('exit', stop)
  const close = async (): Promise<void> => {
    process.off('exit', stop)
    stop()
    for (const child of children)
      if (child.pid && child.exitCode === null && !child.signalCode) await once(child, 'exit')
  }
  try {
    const display = await startDisplay(children)
    const port = await freePort()
    const driver = spawn(driverPath, [`--port=${port}`, '--host=127.0.0.1'], {
      env: { ...process.env, DISPLAY: display, GDK_BACKEND: 'x11' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    children.push(driver)
    const printed = collect(driver.stderr)
    const command = connect(`http://127.0.0.1:${port}`)
    await listening(driver, command, printed)
    const { sessionId, capabilities } = (await command('POST', '/session', {
      capabilities: { alwaysMatch: {} },
    })) as Session
    const at = `/session/${sessionId}`
    return {
      version: capabilities.browserVersion,
      open: async (url) => void (await command('POST', `${at}/url`, { url })),
      back: async () => void (await command('POST', `${at}/back`, {})),
      ask: (expression) =>
        command('POST', `${at}/execute/sync`, { script: `return (${expression})`, args: [] }),
      async [Symbol.asyncDispose]() {
        // The browser may be gone already.
        await command('DELETE', at).catch(() => {})
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Command = (method: string, path: string, body?: object) => Promise<unknown>

function connect(origin: string): Command {
  return async (method, path, body) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerTimeout),
    })
    const { value } = (await response.json()) as { readonly value: unknown }
    if (response.ok) return value
    const { error, message } = value as { readonly error: string; readonly message: string }
    throw new Error(`WebDriver, ${method} ${path}: ${error}: ${message}`)
  }
}

async function listening(driver: ChildProcess, command: Command, printed: () => string): Promise<void> {
  let trouble: Error | undefined
  driver.once('error', (error) => (trouble = error))
  for (const until = performance.now() + startTimeout; performance.now() < until; await sleep(20)) {
    if (trouble) throw trouble
    if (driver.exitCode !== null) break
    const ready = await command('GET', '/status').then(
      () => true,
      () => false,
    )
    if (ready) return
  }
  throw new Error(`The WebDriver of WebKit does not answer. It printed: ${printed()}`)
}

/** Gives the display's name, as in `:1`. */
async function startDisplay(children: ChildProcess[]): Promise<string> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-noreset']
  const server = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  children.push(server)
  const printed = collect(server.stderr!)
  const named = once(server.stdio[3] as Readable, 'data')
  const ended = once(server, 'exit').then(([code]) => {
    throw new Error(`Xvfb ended with ${code}. It printed: ${printed()}`)
  })
  const [name] = (await Promise.race([named, ended])) as [Buffer]
  ended.catch(() => {})
  return `:${name.toString().trim()}`
}

function collect(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-2_000)))
  return () => text
}
