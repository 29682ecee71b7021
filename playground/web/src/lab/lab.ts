import { cutDuration } from '../../../contract.ts'
import { find, setText } from '../dom.ts'
import { createInspector } from '../inspector/inspector.ts'
import type { Network } from '../network.ts'
import type { Phone } from '../phone.ts'
import { readScenario, type Scenario } from '../scenario.ts'
import type { Plug } from '../show/plug.ts'
import { createStatus } from './status.ts'
import { createSwitches } from './switches.ts'

export interface LabParts {
  readonly phone: Phone
  /** Identifies the phone in requests for faults. */
  readonly page: string
  readonly network: Network
  readonly scenario: Scenario
  /** In a room with others there is none. */
  readonly plug: Plug | undefined
  /** All clients of the page, which are to heal together. */
  readonly others: readonly Pick<Phone['client'], 'state' | 'reconnect'>[]
}

/** "Break it yourself": the faults of one phone, its state, and its inspector. */
export function createLab({ phone, page, network, scenario, plug, others }: LabParts): void {
  createStatus(phone.client, page, cutDuration)
  createInspector(phone.client, find('inspector', HTMLElement), { title: 'Inspector', isOpen: false })
  const switches = createSwitches(phone.client, network, page)

  find('heal', HTMLButtonElement).addEventListener('click', () => {
    switches.plugIn()
    plug?.plugIn()
    const ends = ['trouble/heal', 'plug'].map((path) =>
      fetch(`/${path}?page=${page}`, { method: 'POST' }).catch(() => {}),
    )
    void Promise.all(ends).then(() => {
      void phone.client.reconnect()
      for (const client of others)
        if (!['open', 'idle'].includes(client.state.status)) void client.reconnect()
    })
    switches.say('All faults are over, and the phone dials now.')
  })
  find('share', HTMLButtonElement).addEventListener('click', () => {
    const said = find('share-said', HTMLElement)
    // Without a secure context there is no clipboard.
    const copied = navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error('no clipboard'))
    const opens = readScenario(location.search).fault
      ? 'opens this page and causes the fault that you chose last'
      : 'opens this page. Choose a fault first, and the link causes it'
    void copied.then(
      () => setText(said, `Copied. The link ${opens}.`),
      () => setText(said, `Copy the address of this page. It ${opens}.`),
    )
  })

  const { fault, code } = scenario
  if (!fault) return
  const verdict = find('verdict', HTMLElement)
  setText(verdict, 'This link causes a fault in a moment. Watch the left phone.')
  const cause = async (): Promise<void> => {
    await switches.run(fault, code, plug)
    if (fault !== 'plug') setText(verdict, 'This link caused the fault. “Heal now” below ends it.')
  }
  phone.client.once('welcome', () => setTimeout(() => void cause(), scenarioDelay))
}

/** The phones are to be seen connected before a fault that the URL names. */
const scenarioDelay = 2_500
