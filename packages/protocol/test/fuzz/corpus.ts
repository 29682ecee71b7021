import { readFileSync } from 'node:fs'

/** What a decoder is to make of a message: `frames`, `control`, or the close code by which it is refused. */
export type Verdict = 'frames' | 'control' | 4400 | 1007

export interface Specimen {
  readonly name: string
  readonly message: string | Uint8Array<ArrayBuffer>
  /** For each end that may have sent it. */
  readonly verdicts: Readonly<Record<'server' | 'client', Verdict>>
  /** Whether the limits are those that small messages reach. */
  readonly isTight: boolean
}

/** A message as the file has it: of text; of a header in JSON and what follows it in hex; or all in hex. */
type Written = {
  readonly name: string
  readonly verdict: Verdict
  /** The only end that may send it: from the other it is refused with 4400. */
  readonly only?: 'server' | 'client'
  readonly tight?: true
} & (
  | { readonly text: string }
  | { readonly header: string; readonly rest?: string }
  | { readonly hex: string }
)

/** Messages of every kind, and those that broke a decoder once, or that it was nearly broken by. */
export const corpus: readonly Specimen[] = (
  JSON.parse(readFileSync(new URL('corpus/messages.json', import.meta.url), 'utf8')) as readonly Written[]
).map((written) => {
  const { name, verdict, only, tight = false } = written
  const from = (end: string): Verdict => (only === undefined || only === end ? verdict : 4400)
  return {
    name,
    message: messageOf(written),
    verdicts: { server: from('server'), client: from('client') },
    isTight: tight,
  }
})

function messageOf(written: Written): Specimen['message'] {
  if ('text' in written) return written.text
  if ('hex' in written) return new Uint8Array(Buffer.from(written.hex, 'hex'))
  const header = Buffer.from(written.header)
  const rest = Buffer.from(written.rest ?? '', 'hex')
  return new Uint8Array(Buffer.concat([Uint8Array.of(header.length >> 8, header.length), header, rest]))
}
