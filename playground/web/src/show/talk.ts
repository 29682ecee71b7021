/** Which phone speaks. */
export type Side = 'left' | 'right'

type Line = readonly [side: Side, text: string]

const opening: readonly Line[] = [
  ['left', 'Hi Bo! Can you read this?'],
  ['right', 'Yes. What if your connection breaks?'],
  ['left', 'Then I just keep typing.'],
]

const unplugged: readonly (readonly Line[])[] = [
  [
    ['left', 'Hello? No connection.'],
    ['right', 'Are you there?'],
    ['left', 'I keep typing: one,'],
    ['right', 'I keep writing anyway.'],
    ['left', 'two,'],
    ['left', 'three.'],
  ],
  [
    ['left', 'Again!'],
    ['right', 'Still there?'],
    ['left', 'Four,'],
    ['left', 'five,'],
    ['right', 'Take your time.'],
    ['left', 'six.'],
  ],
]

const back: readonly Line[] = [
  ['right', 'Everything arrived, once and in order.'],
  ['left', 'Same here.'],
]

const openingPause = 500
const unpluggedPause = 800

/** The conversation of the two phones. It stops by itself, so that the page comes to rest. */
export interface Talk {
  open(): void
  unplug(): void
  plugIn(): void
}

export function createTalk(say: (side: Side, text: string) => void): Talk {
  let timer = 0
  let rounds = 0

  const speak = (lines: readonly Line[], pause: number): void => {
    clearTimeout(timer)
    const [line, ...rest] = lines
    if (!line) return
    timer = window.setTimeout(() => {
      say(...line)
      speak(rest, pause)
    }, pause)
  }

  return {
    open: () => speak(opening, openingPause),
    unplug: () => speak(unplugged[rounds++ % unplugged.length] ?? [], unpluggedPause),
    plugIn: () => speak(back, unpluggedPause),
  }
}
