export { createAnswers } from './answers.ts'
export type { Answerer, Answers, AnswersOptions, RequestContext } from './answers.ts'
export { checkedAnswerer } from './checked-answerer.ts'
export type { InvalidInput } from './checked-answerer.ts'
export { closeRule, defaultCloseRules, readClose } from './close-codes.ts'
export type { CloseAction, CloseRule, CloseRules, DelayRange } from './close-codes.ts'
export type {
  AnyContract,
  Contract,
  ContractOf,
  EventArguments,
  EventData,
  EventName,
  RequestAnswer,
  RequestArguments,
  RequestInput,
  RequestName,
  ServerContractOf,
} from './contract.ts'
export { closeHint, isClientControl, isServerControl } from './controls.ts'
export type { IsControl } from './controls.ts'
export type { Delivery } from './delivery.ts'
export type { Outcome, UndeliveredReason, UnknownReason } from './outcome.ts'
export { aborted, HoldfastError, isHoldfastError, misuse } from './errors.ts'
export type { HoldfastErrorCode, HoldfastErrorDetails } from './errors.ts'
export {
  bodyBytes,
  decodeBinary,
  decodeText,
  defaultDecodeLimits,
  encodeBinary,
  encodeBody,
  encodeControl,
  encodeFrame,
  maxNameLength,
} from './frame-codec.ts'
export type { BinaryBody, Body, Decoded, DecodeLimits } from './frame-codec.ts'
export type {
  Banner,
  Bye,
  Control,
  Drain,
  Frame,
  Hi,
  ProducersOffer,
  Lost,
  LostReason,
  Meta,
  Ok,
  ProducerSequence,
} from './frame.ts'
export { defaultMaxPayloadBytes, utf8Length } from './limits.ts'
export { Line } from './line.ts'
export type { LineOptions, Payload } from './line.ts'
export { checkNames } from './names.ts'
export { createOutbox } from './outbox.ts'
export type { Link, Outbox, OutboxOptions, Outgoing, SendOptions, Sent } from './outbox.ts'
export { envelopeCodec, flatCodec } from './plain-codec.ts'
export type { PlainCodec, PlainFrame } from './plain-codec.ts'
export { longestTimer } from './ports.ts'
export type { AbortSignalLike, Clock } from './ports.ts'
export { printable } from './printable.ts'
export { reportRejection } from './rejection.ts'
export { createRequests } from './requests.ts'
export type { RequestOptions, Requests, SentRequest, WaitOptions } from './requests.ts'
export { validate } from './schema.ts'
export type { RequestSchema, SchemaContract, SchemaIssue, SchemaResult, StandardSchema } from './schema.ts'
export { createSession } from './session.ts'
export type { Session, Window } from './session.ts'
