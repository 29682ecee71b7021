import { createBurst } from '../burst.ts'
import { make } from '../dom.ts'
import type { Side } from './talk.ts'

const duration = 450
const pauseInBurst = 120

/** Returns a function that shows a message on its way along the cable, from the phone on that side. */
export function createFlights(link: HTMLElement): (from: Side) => void {
  const isStill = matchMedia('(prefers-reduced-motion: reduce)')
  const bursts = { left: createBurst(), right: createBurst() }

  return (from) => {
    if (isStill.matches || document.hidden) return
    const dot = make('span', 'flight')
    link.append(dot)
    const path = [{ insetInlineStart: '0%' }, { insetInlineStart: '100%' }]
    const flight = dot.animate(path, {
      duration,
      delay: bursts[from]() * pauseInBurst,
      easing: 'ease-in-out',
      direction: from === 'left' ? 'normal' : 'reverse',
      fill: 'backwards',
    })
    flight.addEventListener('finish', () => dot.remove())
  }
}
