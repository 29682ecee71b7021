import { isHoldfastError } from 'holdfast'
import { maxUploadBytes } from '../../../scenes-contract.ts'
import { find, setText } from '../dom.ts'
import type { ScenesClient } from './types.ts'
import { upload } from './upload.ts'

const sampleBytes = 12_000_000
/** The most random bytes that a browser generates in one call. */
const mostRandomBytes = 65_536

/** Sends a file to the server, with a bar that shows how much of it the server has received. */
export function createUploadScene(client: ScenesClient): void {
  const file = find('upload-file', HTMLInputElement)
  const bar = find('upload-bar', HTMLProgressElement)
  const said = find('upload-said', HTMLElement)
  let running: AbortController | undefined

  const start = async (bytes: Uint8Array): Promise<void> => {
    if (running) return setText(said, 'One upload at a time.')
    if (bytes.length < 1 || bytes.length > maxUploadBytes)
      return setText(said, 'Up to 33 MB, and not nothing.')
    const controller = (running = new AbortController())
    bar.max = bytes.length
    bar.value = 0
    setText(said, `Sending ${bytes.length.toLocaleString('en')} bytes …`)
    try {
      await upload(client, bytes, controller.signal)
    } catch (error) {
      if (running === controller) stop(isHoldfastError(error) ? error.message : String(error))
    }
  }
  const end = (text: string): void => {
    const ended = running
    running = undefined
    ended?.abort()
    setText(said, text)
  }
  const stop = (why: string): void => {
    if (running) end(`Stopped: ${why}. You can send it again.`)
  }

  client.on('uploading', ({ received }) => (bar.value = received))
  client.on('uploaded', ({ size, digest }) =>
    end(`The server has all ${size.toLocaleString('en')} bytes, SHA-256 ${digest.slice(0, 16)}…`),
  )
  client.on('error', ({ message }) => stop(message))
  client.watch('down', () => stop('the connection was lost'))
  find('upload-sample', HTMLButtonElement).addEventListener('click', () => void start(noise()))
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? []
    if (chosen) void chosen.arrayBuffer().then((buffer) => start(new Uint8Array(buffer)))
    file.value = ''
  })
}

function noise(): Uint8Array {
  const bytes = new Uint8Array(sampleBytes)
  for (let at = 0; at < bytes.length; at += mostRandomBytes)
    crypto.getRandomValues(bytes.subarray(at, at + mostRandomBytes))
  return bytes
}
