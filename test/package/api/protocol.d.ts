// Written by `node test/package/api.ts --accept`.
type CloseAction = 'refresh' | 'fatal'
interface CloseRule {
  readonly reason: string
  readonly action?: CloseAction
  readonly delay?: readonly [min: number, max: number]
  readonly limit?: number
}
type CloseRules = Readonly<Record<number, CloseRule>>
declare const defaultCloseRules: CloseRules
declare function closeRule(code: number, rules?: CloseRules): CloseRule
declare const defaultMaxFrameBytes = 16777216
declare function utf8Length(text: string): number
interface PlainFrame {
  readonly type?: unknown
  readonly data: unknown
  readonly id?: unknown
  readonly error?: unknown
}
interface PlainCodec {
  encode(type: string, data: unknown, idKey?: string, id?: string): string
  decode(text: string, idKey?: string): PlainFrame | undefined
}
declare const flatCodec: PlainCodec
declare const envelopeCodec: PlainCodec
export { closeRule, defaultCloseRules, defaultMaxFrameBytes, envelopeCodec, flatCodec, utf8Length }
export type { CloseAction, CloseRule, CloseRules, PlainCodec, PlainFrame }
