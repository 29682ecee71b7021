import { drinks } from '../../../scenes-contract.ts'
import { find, make } from '../dom.ts'
import { sendOrder } from './order.ts'
import type { ScenesClient } from './types.ts'

const mostOrders = 20

/** A form that works without a connection, and reports the outcome of the order. */
export function createOrderScene(client: ScenesClient): void {
  const drink = find('drink', HTMLSelectElement)
  const list = find('orders', HTMLOListElement)
  for (const name of drinks) drink.add(new Option(name))

  const append = (text: string): HTMLElement => {
    const entry = make('li', '', text)
    list.prepend(entry)
    while (list.childElementCount > mostOrders) list.lastElementChild?.remove()
    return entry
  }
  client.on('ordered', ({ number, drink: name }) => append(`The server made ${name}, order ${number}.`))
  find('order-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const name = drink.value
    const entry = append(`${name}: on its way …`)
    void sendOrder(client, name).then((result) => (entry.textContent = `${name}: ${result}`))
  })
}
