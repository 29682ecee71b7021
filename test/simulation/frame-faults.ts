import type { FrameFate, FrameInfo, SimulatedConnection } from '@holdfast/testing'
import type { Trouble } from './plan.ts'

type CutAt = Extract<Trouble, { do: 'cut-at' }>
type Mangle = Extract<Trouble, { do: 'mangle' }>

/** What goes wrong with single frames on the path of one client. */
export interface FrameFaults {
  /** The next connections break at frames. Takes the place of what was planned before. */
  breakAt(cutAt: CutAt): void
  /** A frame is to be lost, or to come twice. */
  mangle(mangle: Mangle): void
  /** The fate of a frame. */
  judge(frame: FrameInfo): FrameFate
  /** Clears the plan, and returns whether a frame may have been lost. */
  clear(): boolean
}

/** `broken` is notified of a broken connection. */
export function createFrameFaults(
  broken: (cutAt: CutAt, connection: SimulatedConnection) => void,
): FrameFaults {
  /** The one that is to break next, from its first counted frame on. */
  let breaking:
    | { readonly cutAt: CutAt; readonly left: number[]; connection?: SimulatedConnection }
    | undefined
  let mangles: { readonly mangle: Mangle; left: number }[] = []

  const isBreaking = ({ connection, direction }: FrameInfo): boolean => {
    if (!breaking || breaking.cutAt.direction !== direction || breaking.left.length === 0) return false
    breaking.connection ??= connection
    if (breaking.connection !== connection || --breaking.left[0]! > 0) return false
    breaking.left.shift()
    delete breaking.connection
    return true
  }

  return {
    breakAt: (cutAt) => void (breaking = { cutAt, left: [...cutAt.frames] }),
    mangle: (mangle) => void mangles.push({ mangle, left: mangle.frame }),
    judge(frame) {
      if (isBreaking(frame)) {
        broken(breaking!.cutAt, frame.connection)
        return 'drop'
      }
      let fate: FrameFate = 'pass'
      if (mangles.length === 0 || !isReliable(frame)) return fate
      for (const entry of mangles)
        if (entry.mangle.direction === frame.direction && --entry.left === 0) fate = entry.mangle.how
      return fate
    },
    clear() {
      const mayHaveLost = mangles.length > 0
      mangles = []
      breaking = undefined
      return mayHaveLost
    },
  }
}

/** Controls and volatile messages have no number, so nothing is promised of them on a path that loses frames. */
function isReliable({ data }: FrameInfo): boolean {
  const text = typeof data === 'string' ? data : String.fromCharCode(...data.subarray(2, 30))
  return /^\[\[?[1-9]/.test(text) && !text.includes('[0,')
}

export function describeFrame({ connection, direction, data }: FrameInfo, fate: FrameFate): string {
  const text = typeof data === 'string' ? data : `${data.length} bytes`
  const arrow = direction === 'toServer' ? '──▶' : '◀──'
  return `${arrow} ${connection.number}${fate === 'pass' ? '' : ` (${fate})`} ${text.slice(0, 100)}`
}
