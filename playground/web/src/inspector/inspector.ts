import { make, setText } from '../dom.ts'
import {
  explainCause,
  describeCountdown,
  describeLoss,
  describeResumption,
  describeStatus,
} from '../status-text.ts'
import { createControls } from './controls.ts'
import { createFigures, sampleInterval } from './figures.ts'
import { createHistory, matcher, type Entry } from './history.ts'
import { createMessageList } from './message-list.ts'
import { listen, type Inspectable } from './observe.ts'
import { prettyPayload } from './payload.ts'
import { formatTime } from './row.ts'
import { createTimeline } from './timeline.ts'

/** How many messages are kept. */
const capacity = 5_000
const tickInterval = 100
let inspectors = 0

/**
 * Shows the state, the figures and the messages of a client, in an element of the page. The page has to load
 * `inspector.css` and `messages.css`.
 *
 * Accepts any client; for one that was passed through `observe` it also shows outbound payloads. It keeps a bounded
 * number of messages, and changes the page at most once a frame, and not at all while the page is hidden.
 */
export function createInspector(
  client: Inspectable,
  element: HTMLElement,
  { title = 'Connection', isOpen = true } = {},
): { dispose(): void } {
  const id = `inspector-${++inspectors}`
  const history = createHistory(capacity)
  const timeline = createTimeline()
  const figures = createFigures()
  let matches = matcher({ text: '', direction: 'all' })
  let frame = 0
  /** How the connection that has just opened continues. */
  let resumption = ''

  const status = make('strong', '')
  const detail = make('span', 'muted')
  const count = make('p', 'muted count')
  const payload = make('pre', 'payload')
  payload.tabIndex = 0
  payload.ariaLabel = 'The selected message'
  const list = createMessageList(id, {
    capacity,
    changed: () => schedule(),
    selected: (entry) => {
      payload.textContent = entry ? describeEntry(entry) : 'Select a message to see all of it.'
    },
  })
  payload.textContent = 'Select a message to see all of it.'
  const controls = createControls(id, {
    filtered: () => filter(),
    paused() {
      filter()
      tick()
    },
    cleared() {
      history.clear()
      timeline.clear()
      figures.clear()
      filter()
    },
  })

  const filter = (): void => {
    matches = matcher(controls.filter)
    list.reset(history.entries.filter(matches))
    schedule()
  }

  // Also while the rest is collapsed.
  const tick = (): void => {
    if (controls.isPaused) return
    const { state } = client
    setText(status, describeStatus(state))
    setText(
      detail,
      [explainCause(state.cause), describeCountdown(state, Date.now())].filter(Boolean).join(', '),
    )
  }

  const render = (): void => {
    frame = 0
    const entries = history.take()
    if (controls.isPaused) return list.render()
    timeline.render()
    figures.render(client.stats())
    list.append(entries.filter(matches))
    list.render()
    setText(count, `${history.entries.length.toLocaleString('en')} messages kept`)
  }

  const schedule = (): void => {
    if (frame === 0 && fold.open && list.isVisible) frame = requestAnimationFrame(render)
  }

  const fold = make(
    'details',
    'inspector',
    make('summary', '', make('span', '', title), status, detail),
    figures.element,
    make('h3', '', 'States'),
    timeline.element,
    make('h3', '', 'Messages'),
    controls.element,
    list.element,
    count,
    payload,
  )
  fold.open = isOpen
  fold.addEventListener('toggle', schedule)
  element.append(fold)

  timeline.add(client.state, Date.now())
  figures.sample(client.stats())
  const stops = [
    listen(client, (message) => {
      history.add(message)
      schedule()
    }),
    client.watch('settled', schedule),
    client.watch('open', (opened) => (resumption = describeResumption(opened))),
    client.watch('lost', (loss) => timeline.mark('Session lost', describeLoss(loss), Date.now())),
    client.subscribe(() => {
      timeline.add(client.state, Date.now(), client.state.status === 'open' ? resumption : '')
      tick()
      schedule()
    }),
  ]
  const sampler = setInterval(() => {
    if (controls.isPaused) return
    figures.sample(client.stats())
    schedule()
  }, sampleInterval)
  const ticker = setInterval(() => client.state.retryAt !== undefined && tick(), tickInterval)
  tick()
  schedule()

  return {
    dispose() {
      for (const stop of stops) stop()
      clearInterval(sampler)
      clearInterval(ticker)
      cancelAnimationFrame(frame)
      list.dispose()
      fold.remove()
    },
  }
}

function describeEntry({ at, direction, name, payload, outcome }: Entry): string {
  const { status = '', reason } = outcome?.() ?? {}
  const head = [formatTime(at), direction, name ?? '(raw)', status, reason].filter(Boolean).join(' · ')
  return `${head}\n${prettyPayload(payload)}`
}
