import { misuse } from '@holdfast/protocol'
import type { Unsubscribe } from '@holdfast/protocol'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { HubStats } from '../hub-stats.ts'
import { definitions } from './definitions.ts'
import type { Definition } from './definitions.ts'
import type { MeteredHub } from './metered-hub.ts'

type Labels = Readonly<Record<string, string>>

const rttName = 'rtt_seconds'
const rttHelp = 'Round-trip times of the pings of the hub.'

/** The metrics of all hubs on a register with one prefix, which are there as long as there are hubs. */
export class Meters {
  readonly #register: Registry
  readonly #prefix: string
  /** By the values of their label; empty for none. */
  readonly #hubs = new Map<string, MeteredHub>()
  #rtt: Histogram | undefined
  /** One snapshot of each hub for all metrics of a collection, so that they fit together. */
  #snapshots: ReadonlyMap<string, HubStats> | undefined

  constructor(register: Registry, prefix: string) {
    this.#register = register
    this.#prefix = prefix
  }

  /** @throws {HoldfastError} `misuse` */
  add(hub: MeteredHub, name: string): Unsubscribe {
    const hubs = this.#hubs
    if (hubs.has(name) || (hubs.size > 0 && (name === '' || hubs.has(''))))
      throw misuse(
        "hubs that share a register need different names: metrics(hub, { register, name: 'chat' })",
      )
    if (hubs.size === 0) this.#create()
    hubs.set(name, hub)
    const labels = labelsOf(name)
    const rtt = this.#rtt!
    const off = hub.watch('rtt', ({ rtt: milliseconds }) => rtt.observe(labels, milliseconds / 1_000))
    return () => {
      if (hubs.get(name) !== hub) return
      off()
      hubs.delete(name)
      rtt.remove(labels)
      if (hubs.size === 0) this.#remove()
    }
  }

  get #names(): string[] {
    return [...definitions.map(({ name }) => name), rttName].map((name) => this.#prefix + name)
  }

  #create(): void {
    const taken = this.#names.find((name) => this.#register.getSingleMetric(name))
    if (taken !== undefined)
      throw misuse(`the register has a metric '${taken}': write metrics(hub, { register, prefix: 'chat_' })`)
    for (const definition of definitions) this.#define(definition)
    this.#rtt = new Histogram({ ...this.#head(rttName, rttHelp), labelNames: ['hub'] })
  }

  #remove(): void {
    for (const name of this.#names) this.#register.removeSingleMetric(name)
    this.#rtt = undefined
  }

  #define(definition: Definition): void {
    const { type, name, help, label } = definition
    const labelNames = label ? ['hub', label] : ['hub']
    const values = (): readonly (readonly [Labels, number])[] => this.#values(definition)
    const head = { ...this.#head(name, help), labelNames }
    if (type === 'gauge')
      return void new Gauge({
        ...head,
        collect() {
          this.reset()
          for (const [labels, value] of values()) this.set(labels, value)
        },
      })
    void new Counter({
      ...head,
      collect() {
        this.reset()
        for (const [labels, value] of values()) this.inc(labels, value)
      },
    })
  }

  #head(name: string, help: string): { readonly name: string; help: string; registers: Registry[] } {
    return { name: this.#prefix + name, help, registers: [this.#register] }
  }

  #values({ label, read }: Definition): (readonly [Labels, number])[] {
    return [...this.#snapshot()].flatMap(([name, stats]) => {
      const value = read(stats)
      if (typeof value === 'number') return [[labelsOf(name), value] as const]
      return Object.entries(value).map(
        ([key, count]) => [{ ...labelsOf(name), ...(label && { [label]: key }) }, count] as const,
      )
    })
  }

  #snapshot(): ReadonlyMap<string, HubStats> {
    if (!this.#snapshots) {
      this.#snapshots = new Map([...this.#hubs].map(([name, hub]) => [name, hub.stats()]))
      queueMicrotask(() => (this.#snapshots = undefined))
    }
    return this.#snapshots
  }
}

function labelsOf(name: string): Labels {
  return name === '' ? {} : { hub: name }
}
