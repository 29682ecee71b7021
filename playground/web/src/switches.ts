import { defaultCloseRules, type Client } from 'holdfast'
import { isSendable, troubles, type Flood, type Trouble } from '../../trouble.ts'
import { find, setText } from './dom.ts'
import type { Network } from './network.ts'

/** The buttons that cause faults for this page, through its server or by unplugging its network. */
export function createSwitches(client: Client<Flood>, network: Network, page: string): void {
  const said = find('trouble-said', HTMLElement)
  const code = find('close-code', HTMLSelectElement)
  const offline = find('offline', HTMLButtonElement)

  const ask = async (trouble: Trouble): Promise<void> => {
    const query = new URLSearchParams({ page, code: code.value })
    const answer = await fetch(`/trouble/${trouble}?${query}`, { method: 'POST' }).catch(() => undefined)
    if (answer?.ok) setText(said, troubles[trouble])
    else if (answer?.status === 404)
      setText(said, 'This page has no connection for the server to do that to.')
    else if (answer?.status === 409) setText(said, 'One flood at a time.')
    else setText(said, 'The server cannot be asked.')
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-trouble]'))
    button.addEventListener('click', () => void ask(button.dataset['trouble'] as Trouble))

  for (const [number, { reason, action }] of Object.entries(defaultCloseRules)) {
    if (!isSendable(Number(number))) continue
    const text = `${number} ${reason}${action === 'fatal' ? ' (gives up)' : ''}`
    code.add(new Option(text, number, false, number === '1012'))
  }

  offline.addEventListener('click', () => {
    if (network.isUnplugged) network.plugIn()
    else network.unplug()
    offline.ariaPressed = String(network.isUnplugged)
    setText(
      said,
      network.isUnplugged ? 'The sockets of this page broke, and its dials fail.' : 'Dials work again.',
    )
  })

  watchFlood(client, (text) => setText(said, text))
}

/** Reports when a flood is over, how long it took, and whether all of it arrived in order. */
function watchFlood(client: Client<Flood>, say: (text: string) => void): void {
  let startedAt = 0
  let inOrder = 0

  client.on('flood', ({ number, of }) => {
    if (number === 1) {
      startedAt = performance.now()
      inOrder = 0
    }
    if (number === inOrder + 1) inOrder++
    if (number < of) return
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2)
    const missing = of - inOrder
    const order = missing === 0 ? 'in order, none missing' : `${missing} missing or out of order`
    say(`${of.toLocaleString('en')} messages came in within ${seconds} s, ${order}.`)
  })
}
