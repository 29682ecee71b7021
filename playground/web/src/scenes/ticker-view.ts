import { symbols, type Quote } from '../../../scenes-contract.ts'
import { find, make, setText } from '../dom.ts'
import { sendPrices } from './ticker.ts'
import type { Market, ScenesClient } from './types.ts'

/** A table of the prices that this page quotes, and those on the server. */
export function createTickerScene(client: ScenesClient): void {
  const toggle = find('ticker-toggle', HTMLButtonElement)
  const counts = find('ticker-counts', HTMLElement)
  const body = find('ticker-prices', HTMLTableSectionElement)
  const rows = new Map(symbols.map((symbol) => [symbol as string, { here: cell(), there: cell() }]))
  const prices = new Map<string, number>(symbols.map((symbol) => [symbol, 100]))
  let stop: (() => void) | undefined
  let sent = 0
  let replaced = 0

  const next = (): Quote[] =>
    symbols.map((symbol) => {
      const price = round(Math.max(1, (prices.get(symbol) ?? 100) + Math.random() - 0.5))
      prices.set(symbol, price)
      setText(rows.get(symbol)!.here, price.toFixed(2))
      return { symbol, price }
    })

  for (const [symbol, { here, there }] of rows) {
    const head = make('th', '', symbol)
    head.scope = 'row'
    body.append(make('tr', '', head, here, there))
  }
  client.on('price', ({ symbol, price }) => {
    const row = rows.get(symbol)
    if (row) setText(row.there, price.toFixed(2))
  })
  const market: Market = {
    next,
    settled({ status }) {
      if (status === 'sent') sent++
      else replaced++
      setText(counts, `${sent} sent, ${replaced} replaced by a newer price before they could be sent`)
    },
  }
  toggle.addEventListener('click', () => {
    stop?.()
    stop = stop ? undefined : sendPrices(client, market)
    toggle.ariaPressed = String(stop !== undefined)
  })
}

function cell(): HTMLTableCellElement {
  return make('td', '', '–')
}

function round(price: number): number {
  return Math.round(price * 100) / 100
}
