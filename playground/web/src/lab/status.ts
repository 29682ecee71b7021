import type { ChatClient } from '../client.ts'
import { find, setText } from '../dom.ts'
import { describeCause, describeCountdown, describeOpen, describeStatus } from '../status-text.ts'

const tickInterval = 100

/** The line with the state of the connection, and the buttons that change it. */
export function createStatus(client: ChatClient, page: string, cutDuration: number): void {
  const bar = find('status', HTMLElement)
  const label = find('status-label', HTMLElement)
  const countdown = find('status-countdown', HTMLElement)
  const detail = find('status-detail', HTMLElement)
  const spoken = find('status-spoken', HTMLElement)
  const cut = find('cut', HTMLButtonElement)
  const reconnect = find('reconnect', HTMLButtonElement)
  const disconnect = find('disconnect', HTMLButtonElement)
  let openedAt = 0

  const render = (): void => {
    const { state } = client
    const isOff = state.status === 'idle' || state.status === 'closed'
    bar.dataset['status'] = state.status
    setText(label, describeStatus(state))
    // Without the countdown, which a screen reader would read out ten times a second.
    setText(spoken, [describeStatus(state), describeCause(state.cause)].filter(Boolean).join('. '))
    setText(reconnect, isOff ? 'Connect' : 'Reconnect')
    setDisabled(cut, state.status !== 'open')
    setDisabled(disconnect, isOff || state.status === 'closing')
    tick()
  }
  const tick = (): void => {
    const { state } = client
    setText(countdown, describeCountdown(state, Date.now()))
    setText(
      detail,
      state.status === 'open' ? describeOpen(openedAt, client.stats().rtt) : describeCause(state.cause),
    )
  }

  cut.title = `The server drops the socket of this phone and takes no new one for ${cutDuration / 1_000} seconds`
  // If the server cannot be reached, there is no connection to cut.
  cut.addEventListener('click', () => void fetch(`/cut?page=${page}`, { method: 'POST' }).catch(() => {}))
  reconnect.addEventListener('click', () => void client.reconnect())
  disconnect.addEventListener('click', () => void client.disconnect())
  client.watch('open', () => {
    openedAt = Date.now()
    tick()
  })
  client.subscribe(render)
  setInterval(tick, tickInterval)
  render()
}

/** A disabled button would lose the keyboard focus; these buttons only look disabled and do nothing. */
function setDisabled(button: HTMLButtonElement, isDisabled: boolean): void {
  button.ariaDisabled = String(isDisabled)
}
