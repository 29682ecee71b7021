import type { Breach, World } from './world.ts'

const base: World = {
  publications: 3,
  history: 2,
  rewind: 0,
  nodes: 1,
  subscribers: 1,
  isStealthy: false,
  chances: { dials: 1 },
}
const two: World = { ...base, publications: 2, nodes: 2, subscribers: 2 }
const failover: World = { ...base, publications: 4, chances: { failovers: 1 } }
const stealth: World = { ...failover, isStealthy: true }

/** Small enough for every test run. */
export const smallWorlds: Readonly<Record<string, World>> = {
  'nothing but cuts': { ...base, publications: 4, chances: { dials: 2 } },
  'a subscriber that leaves and joins again': { ...base, chances: { dials: 1, leaves: 2 } },
  'a slow subscriber, and pub/sub that breaks': { ...base, chances: { dials: 1, skips: 1, breaks: 1 } },
  'publications that are dropped': { ...base, chances: { dials: 1, drops: 2 } },
  'publications that are lost on the way': { ...base, chances: { dials: 1, losses: 1, drops: 1 } },
  'a failover': { ...failover, chances: { failovers: 1, dials: 1 } },
  'a failover that a node does not notice': { ...stealth, chances: { failovers: 1, leaves: 1 } },
  'a log that is emptied': { ...base, publications: 4, chances: { wipes: 1, dials: 1 } },
  'writers that publish again': { ...base, chances: { repeats: 1, failovers: 1, dials: 1 } },
  'a history of one': { ...failover, history: 1, chances: { failovers: 1, breaks: 1 } },
  'no history': { ...base, history: 0, publications: 4, chances: { dials: 1, breaks: 1 } },
  'the latest one for those who are new': { ...base, rewind: 1, chances: { dials: 2 } },
  'servers that delay, end and forbid': { ...base, chances: { dials: 1, delays: 1, kicks: 1, ends: 1 } },
  'two nodes, two subscribers': { ...two, chances: { dials: 1 } },
}

/** What takes minutes: `node packages/protocol/test/channel-model/large.ts`. */
export const largeWorlds: Readonly<Record<string, World>> = {
  'two nodes, two subscribers': { ...two, publications: 3, chances: { dials: 2 } },
  'subscribers that leave and join again': { ...two, chances: { dials: 1, leaves: 1 } },
  'slow subscribers, and pub/sub that breaks': { ...two, publications: 3, chances: { skips: 1, breaks: 1 } },
  'publications that are dropped, without a history': {
    ...two,
    history: 0,
    chances: { drops: 1, dials: 1 },
  },
  'a failover': { ...two, publications: 3, chances: { failovers: 1, dials: 1 } },
  'a failover that the nodes do not notice': {
    ...two,
    publications: 3,
    isStealthy: true,
    chances: { failovers: 1 },
  },
  'a log that is emptied': { ...two, chances: { wipes: 1, dials: 1 } },
  'writers that publish again': { ...two, chances: { repeats: 1, failovers: 1, dials: 1 } },
  'servers that delay, end and forbid': { ...two, chances: { kicks: 1, ends: 1, delays: 1 } },
  'nearly everything once': {
    ...base,
    publications: 2,
    nodes: 2,
    isStealthy: true,
    chances: { dials: 1, failovers: 1, wipes: 1, skips: 1, breaks: 1, drops: 1, delays: 1 },
  },
}

/** By breach, the world in which it shows, and how. */
export const breaches: Readonly<Record<Breach, readonly [symptom: string, world: World]>> = {
  'read-then-subscribe': ['STUCK', { ...base, chances: {} }],
  'pass-while-reading': ['SILENT', { ...failover, chances: { failovers: 1, breaks: 1 } }],
  'forget-what-came': ['STUCK', base],
  'pass-unchecked': ['SILENT', { ...base, chances: { wipes: 1 } }],
  'two-primaries': ['SILENT', stealth],
  'no-probe': ['STUCK', stealth],
  'no-resync': ['SILENT', { ...failover, chances: { breaks: 1, failovers: 1 } }],
  'offset-is-enough': ['SILENT', failover],
  'trust-the-floor': ['SILENT', { ...failover, history: 1 }],
  'no-witness': ['NEEDLESS', { ...base, history: 1 }],
  'send-what-is-left': ['STUCK', { ...base, history: 1 }],
  'future-is-fine': ['SILENT', failover],
  'no-epoch': ['SILENT', { ...base, chances: { wipes: 1 } }],
  'pub-is-id': ['SILENT', { ...failover, chances: { failovers: 1, repeats: 1 } }],
  'rewind-without-id': ['NEEDLESS', { ...base, rewind: 1 }],
  'no-dedupe': ['DUPLICATE', { ...base, chances: { repeats: 1 } }],
  'forget-skips': ['STUCK', { ...base, chances: { skips: 1 } }],
  'no-n': ['SILENT', { ...failover, chances: { failovers: 1, leaves: 1 } }],
  'take-while-joining': ['SILENT', { ...failover, chances: { failovers: 1, leaves: 1 } }],
  'gap-while-joining': ['SILENT', { ...failover, history: 1, chances: { failovers: 1, leaves: 1 } }],
  'end-while-joining': ['STUCK', { ...base, chances: { ends: 1, leaves: 1 } }],
  'ignore-holes': ['SILENT', { ...base, chances: { losses: 1 } }],
  'take-past-a-hole': ['SILENT', { ...base, chances: { losses: 1 } }],
  'wait-after-drops': ['STUCK', { ...base, chances: { drops: 1 } }],
  'drop-while-joining': ['STUCK', { ...base, chances: { drops: 1, dials: 1 } }],
  'position-after-handlers': ['DUPLICATE', base],
  'join-outlives-kick': ['STUCK', { ...base, chances: { kicks: 1 } }],
}
