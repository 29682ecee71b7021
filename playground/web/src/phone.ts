import type { ClientState, Delivery, SocketConstructor } from 'holdfast'
import type { Chat } from '../../contract.ts'
import { createChatClient, type Address, type ChatClient } from './client.ts'
import { createComposer } from './composer.ts'
import { find, part, quote, setText } from './dom.ts'
import { createLog, type Log } from './log.ts'
import { avatar, createOnline } from './online.ts'
import { describeLoss, describeQueue } from './status-text.ts'
import { createTyping } from './typing.ts'

const tickInterval = 100

/** A chat with a client of its own, drawn as a phone. */
export interface Phone {
  readonly client: ChatClient
  /** The name by which the others know it. */
  readonly name: string
  /** Sends a message as if it had been typed. */
  say(text: string): void
  rename(name: string): void
  /** Calls back for every message that this phone sends. */
  onSent(listener: (text: string, delivery: Delivery) => void): void
  focus(): void
}

export interface PhoneOptions extends Address {
  readonly WebSocket: SocketConstructor
  readonly name: string
}

/** Builds a phone in an element, from the template of the page. Its client is not connected yet. */
export function createPhone(element: HTMLElement, options: PhoneOptions): Phone {
  element.append(find('phone', HTMLTemplateElement).content.cloneNode(true))
  let wanted = options.name
  let { name } = options
  const listeners: ((text: string, delivery: Delivery) => void)[] = []
  const client = createChatClient(options, options.WebSocket, () => wanted)
  const log = createLog(part(element, '.log', HTMLElement))
  const face = part(element, '.phone-face', HTMLElement)
  const title = part(element, '.phone-name', HTMLElement)

  const show = (shown: string): void => {
    name = shown
    setText(title, shown)
    element.ariaLabel = `Phone of ${shown}`
    face.replaceChildren(avatar(shown))
  }
  const say = (message: string): void => {
    const delivery = client.send('chat', { message })
    log.own(message, delivery)
    for (const listener of listeners) listener(message, delivery)
  }

  show(name)
  showChat(element, client, log, options)
  showState(element, client)
  client.on('welcome', ({ name: given }) => show(given))
  const composer = createComposer(part(element, 'form', HTMLFormElement), client, say)

  return {
    client,
    get name() {
      return name
    },
    say,
    rename(chosen) {
      wanted = chosen
      show(chosen)
      if (client.state.status === 'idle') return
      // Replaces a queued name. A new connection sends the name anyway, in its greeting.
      client.send('join', { name: chosen }, { key: 'name' })
    },
    onSent: (listener) => void listeners.push(listener),
    focus: composer.focus,
  }
}

/** What the others say and do. */
function showChat(element: HTMLElement, client: ChatClient, log: Log, { wire }: Address): void {
  const online = createOnline(part(element, '.online', HTMLUListElement))
  const typing = createTyping(part(element, '.typing', HTMLElement))
  let downAt: number | undefined

  client.on('welcome', ({ others, ...self }) => online.reset(self, others))
  client.on('joined', (person) => {
    const before = online.add(person)
    if (before === undefined) log.notice(quote(person.name), ' joined')
    else if (before !== person.name) log.notice(quote(before), ' is now called ', quote(person.name))
  })
  client.on('left', (person) => {
    online.remove(person)
    typing.stopped(person)
    log.notice(quote(person.name), ' left')
  })
  client.on('chat', (message: Chat['toClient']['chat']) => {
    typing.stopped(message)
    log.theirs(message)
  })
  client.on('typing', typing.started)
  client.on('error', ({ message }) => log.notice(`The server rejected a message: ${message}`))
  client.watch('invalid', ({ reason }) => log.notice(`An invalid message came in: ${reason}`))
  client.watch('unhandled', (message) =>
    log.notice(`Nothing here handles ${message.name ?? 'a frame that is not an event'}`),
  )

  client.watch('down', () => {
    downAt ??= Date.now()
    typing.clear()
    // A session delivers missed joins and leaves afterwards.
    if (wire === 'plain') online.clear()
  })
  client.watch('lost', (loss) => {
    online.clear()
    log.notice(`The session was lost: ${describeLoss(loss)}.`)
  })
  client.watch('open', ({ resumed }) => {
    if (downAt === undefined) return
    const back = `Back after ${((Date.now() - downAt) / 1_000).toFixed(1)} s.`
    downAt = undefined
    if (resumed) log.notice(`${back} Same session, nothing is missing.`)
    else if (wire === 'plain')
      log.notice(`${back} What others wrote meanwhile is missing: a plain server does not repeat it.`)
    else log.notice(`${back} This is a new session.`)
  })
}

const states: Readonly<Record<ClientState['status'], string>> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  open: 'Connected',
  waiting: 'No connection',
  closing: 'Disconnecting',
  closed: 'Disconnected',
}

/** Whether the phone is connected, and how many of its messages wait. */
function showState(element: HTMLElement, client: ChatClient): void {
  const state = part(element, '.phone-state', HTMLElement)
  const queue = part(element, '.queue', HTMLElement)
  let wasOpen = false

  const tick = (): void => {
    const { queuedMessages, unacknowledgedMessages } = client.stats()
    setText(queue, describeQueue(queuedMessages, unacknowledgedMessages))
  }
  const render = (): void => {
    const { status } = client.state
    element.dataset['status'] = status
    if (status === 'open') wasOpen = true
    // An attempt is not worth a word that comes and goes.
    setText(state, wasOpen && status === 'connecting' ? states.waiting : states[status])
    tick()
  }
  client.subscribe(render)
  client.watch('settled', tick)
  setInterval(tick, tickInterval)
  render()
}
