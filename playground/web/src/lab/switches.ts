import { defaultCloseRules, type Client } from 'holdfast'
import { isSendable, troubles, type Flood, type Trouble } from '../../../trouble.ts'
import { find, setText } from '../dom.ts'
import type { Network } from '../network.ts'
import { noteInUrl, type Fault } from '../scenario.ts'
import type { Plug } from '../show/plug.ts'

/** How long a plug stays out that a URL pulls. */
const plugDuration = 6_000

/** The buttons that cause faults for a phone, through its server or by unplugging its network. */
export interface Switches {
  /** Causes a fault that a URL names. */
  run(fault: Fault, code: string | undefined, plug: Plug | undefined): Promise<void>
  /** Ends being offline. */
  plugIn(): void
  say(text: string): void
}

export function createSwitches(client: Client<Flood>, network: Network, page: string): Switches {
  const said = find('trouble-said', HTMLElement)
  const code = find('close-code', HTMLSelectElement)
  const offline = find('offline', HTMLButtonElement)
  const say = (text: string): void => setText(said, text)

  const ask = async (trouble: Trouble): Promise<void> => {
    const query = new URLSearchParams({ page, code: code.value })
    const answer = await fetch(`/trouble/${trouble}?${query}`, { method: 'POST' }).catch(() => undefined)
    say(describeAnswer(trouble, answer))
    // The fault shows only in new connections.
    if (trouble === 'refuse' && answer?.ok) void client.reconnect()
  }
  const setOffline = (isOffline: boolean): void => {
    if (isOffline === network.isUnplugged) return
    if (isOffline) network.unplug()
    else network.plugIn()
    offline.ariaPressed = String(isOffline)
    say(isOffline ? 'The sockets of this page broke, and its dials fail.' : 'Dials work again.')
  }

  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-trouble]'))
    button.addEventListener('click', () => {
      const trouble = button.dataset['trouble'] as Trouble
      noteInUrl({ break: trouble, code: trouble === 'close' ? code.value : undefined })
      void ask(trouble)
    })
  offline.addEventListener('click', () => {
    noteInUrl({ break: 'offline', code: undefined })
    setOffline(!network.isUnplugged)
  })

  addCloseCodes(code)
  watchFlood(client, say)

  return {
    async run(fault, wanted, plug) {
      if (wanted !== undefined && [...code.options].some(({ value }) => value === wanted)) code.value = wanted
      if (fault === 'offline') return setOffline(true)
      if (fault !== 'plug') return ask(fault)
      await plug?.pull()
      setTimeout(() => plug?.plugIn(), plugDuration)
    },
    plugIn: () => setOffline(false),
    say,
  }
}

function describeAnswer(trouble: Trouble, answer: Response | undefined): string {
  if (answer?.ok) return troubles[trouble]
  if (answer?.status === 404) return 'This phone has no connection that the server could break.'
  return answer?.status === 409 ? 'One flood at a time.' : 'The server does not answer.'
}

function addCloseCodes(select: HTMLSelectElement): void {
  for (const [number, { reason, action }] of Object.entries(defaultCloseRules)) {
    if (!isSendable(Number(number))) continue
    const text = `${number} ${reason}${action === 'fatal' ? ' (gives up)' : ''}`
    select.add(new Option(text, number, false, number === '1012'))
  }
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
