export { closeRule, defaultCloseRules, isPoison, readClose, ruleIn } from './close-codes.ts'
export type { CloseAction, CloseRule, CloseRules, DelayRange } from './close-codes.ts'
export type {
  AnyContract,
  ChannelData,
  ChannelEvent,
  ChannelKind,
  ChannelName,
  Contract,
  ContractOf,
  EventArguments,
  EventData,
  EventName,
  KindOf,
  PresenceData,
  RequestAnswer,
  RequestArguments,
  RequestInput,
  RequestName,
  SchemaData,
  ServerContractOf,
} from './contract.ts'
export { closeHint, isClientControl, isCount, isServerControl, isSpan } from './controls.ts'
export type { IsControl } from './controls.ts'
export type { Delivery } from './delivery.ts'
export type { Outcome, UndeliveredReason, UnknownReason } from './outcome.ts'
export { encodeMessage } from './encode-message.ts'
export { Endpoint } from './endpoint.ts'
export type { Sized, EndpointPorts } from './endpoint.ts'
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
  isWithin,
  maxNameLength,
  voidBody,
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
export { createHandlers } from './handlers.ts'
export { atTurnEnd } from './turn.ts'
export type { Answerer, Handlers, RequestContext } from './handlers.ts'
export { defaultMaxPayloadBytes, pollInterval, utf8Length } from './limits.ts'
export { Line } from './line.ts'
export type { LineOptions, Payload } from './line-options.ts'
export { createListeners } from './listeners.ts'
export type { Handler, Listener, Listeners, Registration, Registry, Unsubscribe } from './listeners.ts'
export { checkClose, checkNames, checkTime, given, namesOf } from './options.ts'
export { createOutbox } from './outbox.ts'
export type { Outgoing, Queued, Sent } from './message.ts'
export type { Link } from './link.ts'
export type { Outbox, QueuedMessage } from './outbox.ts'
export type { OutboxOptions, SendOptions } from './send-options.ts'
export { bytesOf } from './payload.ts'
export { envelopeCodec, flatCodec } from './plain-codec.ts'
export type { PlainCodec, PlainFrame } from './plain-codec.ts'
export { longestTimer } from './ports.ts'
export type { AbortSignalLike, AsyncDisposeLike, Clock } from './ports.ts'
export { printable } from './printable.ts'
export { reportRejection } from './rejection.ts'
export { createRequests } from './requests.ts'
export type { RequestOptions, Requests, SentRequest, WaitOptions } from './requests.ts'
export { createRouter } from './router.ts'
export type { Router, RouterPorts, UnhandledMessage } from './router.ts'
export type {
  Checks,
  InvalidData,
  RequestHandler,
  RequestSchema,
  SchemaContract,
  SchemaIssue,
  SchemaResult,
  Schemas,
  StandardSchema,
} from './schema.ts'
export { schemas } from './schemas.ts'
export { createSession, restoreSession } from './session.ts'
export type { Session, SessionNumbers, Window } from './session.ts'
