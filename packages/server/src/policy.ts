import { given, misuse, namesOf } from '@holdfast/protocol'
import { countedAs, isLocal } from './addresses.ts'
import type { AuthenticateContext, MaybeAuthentication } from './authenticate.ts'
import { resolveCompression } from './compression.ts'
import type { Compression } from './compression.ts'
import { resolveLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import type { HubOptions } from './options.ts'
import { createPageCheck } from './origins.ts'
import type { CheckPage, Origins } from './origins.ts'
import { systemPorts } from './ports.ts'
import type { HubPorts, RequestLike } from './ports.ts'
import { createTroubleReport, createWarn, ignoreRejection } from './trouble.ts'
import type { ReportTrouble, Warn } from './trouble.ts'

/** The resolved options. */
export interface Policy extends Times {
  readonly authenticate: ((context: AuthenticateContext) => MaybeAuthentication<unknown>) | undefined
  readonly origins: Origins | undefined
  readonly checkPage: CheckPage
  readonly limits: Limits
  /** Undefined for none. */
  readonly compression: Compression | undefined
  readonly trace: HubOptions['trace']
  /**
   * The address that a request counts for in the limits per address; empty for none, undefined when the application
   * failed.
   */
  readonly addressOf: AddressOf
  readonly reportTrouble: ReportTrouble
  readonly warn: Warn
  readonly ports: HubPorts
}

type Times = Required<
  Pick<
    HubOptions,
    'sessionTimeout' | 'tombstoneTimeout' | 'producerTimeout' | 'pingInterval' | 'greetingTimeout'
  >
>
type AddressOf = (request: RequestLike) => string | undefined

const known: Readonly<Record<keyof HubOptions | 'contract', true>> = {
  authenticate: true,
  origins: true,
  hosts: true,
  broker: true,
  limits: true,
  sessionTimeout: true,
  tombstoneTimeout: true,
  producerTimeout: true,
  pingInterval: true,
  greetingTimeout: true,
  address: true,
  perMessageDeflate: true,
  trace: true,
  ports: true,
  contract: true,
}

export const names: string = namesOf(known)

/** @throws {HoldfastError} `misuse` */
export function resolveOptions(options: HubOptions): Policy {
  const { address, authenticate, origins, hosts, trace } = options
  const limits = resolveLimits(options.limits)
  for (const [name, value] of Object.entries({ authenticate, address, trace }))
    if (value && typeof value !== 'function') throw misuse(`${name} must be a function`)
  const ports: HubPorts = { ...systemPorts, ...given(options.ports, namesOf(systemPorts)) }
  const reportTrouble = createTroubleReport(ports)
  return {
    ...resolveTimes(options),
    authenticate,
    origins,
    checkPage: createPageCheck({ origins, hosts, reportTrouble }),
    limits,
    compression: resolveCompression(options.perMessageDeflate),
    trace,
    reportTrouble,
    warn: createWarn(ports),
    ports,
    addressOf: createAddressOf(address, reportTrouble),
  }
}

function resolveTimes(options: HubOptions): Times {
  const times = {
    sessionTimeout: options.sessionTimeout ?? 120_000,
    tombstoneTimeout: options.tombstoneTimeout ?? 86_400_000,
    producerTimeout: options.producerTimeout ?? 86_400_000,
    pingInterval: options.pingInterval ?? 25_000,
    greetingTimeout: options.greetingTimeout ?? 5_000,
  }
  // Clients receive some of these values.
  for (const [name, value] of Object.entries(times))
    if (!Number.isSafeInteger(value) || value < 1)
      throw misuse(`${name} must be an integer of 1 or more milliseconds, not ${String(value)}`)
  return times
}

function createAddressOf(address: HubOptions['address'], reportTrouble: ReportTrouble): AddressOf {
  if (!address)
    return ({ socket }) => {
      const { remoteAddress = '' } = socket ?? {}
      return isLocal(remoteAddress) ? '' : countedAs(remoteAddress)
    }
  return (request) => {
    try {
      const answer: unknown = address(request) ?? ''
      if (typeof answer === 'string') return countedAs(answer)
      ignoreRejection(answer)
      throw misuse('address must return text or undefined synchronously')
    } catch (error) {
      reportTrouble('address', error)
      return undefined
    }
  }
}
