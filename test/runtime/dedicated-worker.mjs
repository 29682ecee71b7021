// A dedicated worker of a page. The runner serves these files at the root, and the package under `/dist`.
import { smoke } from './smoke.mjs'

addEventListener('message', ({ data: url }) => void start(url))

async function start(url) {
  const holdfast = await import(new URL('/dist/index.js', location.href).href)
  const lines = []
  await smoke({ holdfast, url, print: (line) => lines.push(line) })
  postMessage(lines)
}
