import type { Breach, World } from './world.ts'

const base: World = {
  up: 1,
  down: 0,
  dials: 3,
  isRequest: false,
  start: 'owned',
  formats: [1, 1],
  chances: {},
}
const two: World = { ...base, dials: 2 }
const parks: World = { ...two, chances: { parks: 1 } }
const request: World = { ...parks, isRequest: true }
const mixed: World = { ...base, formats: [1, 2] }
const parked: World = { ...base, start: 'parked' }
const parking: World = { ...base, start: 'parking' }

const forgetful: World = { ...parked, up: 0, dials: 2, chances: { sends: 2, failovers: 1 } }
const forgetfulRequest: World = { ...parked, dials: 2, isRequest: true, chances: { failovers: 1 } }

const beginning: World = { ...two, start: 'beginning' }

/** Small enough for every test run. */
export const smallWorlds: Readonly<Record<string, World>> = {
  'clients that come to another node': { ...base, up: 0 },
  'messages both ways': { ...two, up: 2, down: 1 },
  'nodes that park, and calls that are late': { ...two, chances: { parks: 1, lates: 1 } },
  'sessions that end': { ...two, chances: { parks: 1, ends: 1 } },
  'sessions that the broker does not know yet': { ...beginning, chances: { parks: 1, ends: 1 } },
  'nodes that die before the broker knows their sessions': { ...beginning, chances: { crashes: 1 } },
  'a broker that fails over when a session begins': { ...beginning, chances: { failovers: 1 } },
  'parked sessions that expire': { ...two, chances: { parks: 1, expiries: 1 } },
  'nodes that die and start again': { ...two, chances: { parks: 1, crashes: 1 } },
  'nodes that are paused': { ...two, chances: { lapses: 1 } },
  'another identity': { ...two, chances: { parks: 1, strangers: 1 } },
  'two formats': { ...mixed, dials: 2, chances: { parks: 1, surrenders: 1 } },
  'a broker that fails over': { ...two, chances: { failovers: 1 } },
  'a broker that fails over while requests run': forgetfulRequest,
  'a broker that fails over, and applications that send to a session that moved': forgetful,
  'requests that run while their session moves': request,
  'applications that send to a session that moved': { ...parks, up: 0, chances: { parks: 1, sends: 2 } },
}

/** What takes minutes: `node packages/protocol/test/claim-model/large.ts`. */
export const largeWorlds: Readonly<Record<string, World>> = {
  'clients that come to another node, and calls that are late': { ...base, chances: { lates: 1 } },
  'messages both ways': { ...base, up: 2, down: 2 },
  'nodes that park, and calls that are late': { ...base, down: 1, chances: { parks: 1, lates: 1 } },
  'sessions that end': { ...base, chances: { parks: 1, ends: 1 } },
  'sessions that the broker does not know yet': {
    ...base,
    start: 'beginning',
    chances: { parks: 1, lates: 1 },
  },
  'parked sessions that expire': { ...base, chances: { parks: 1, expiries: 1 } },
  'nodes that die and start again': { ...base, chances: { parks: 1, crashes: 1 } },
  'nodes that are paused': { ...base, chances: { parks: 1, lapses: 1 } },
  'another identity': { ...base, chances: { strangers: 1, parks: 1 } },
  'two formats': { ...mixed, chances: { parks: 1, surrenders: 1 } },
  'a broker that fails over': { ...base, chances: { parks: 1, failovers: 1 } },
  'a broker that fails over, and calls that are late': {
    ...two,
    chances: { parks: 1, failovers: 1, lates: 1 },
  },
  'a broker that fails over while requests run': {
    ...two,
    isRequest: true,
    chances: { parks: 1, failovers: 1 },
  },
  'a broker that fails over while requests run, and calls that are late': {
    ...parked,
    dials: 2,
    isRequest: true,
    chances: { failovers: 1, lates: 1 },
  },
  'a broker that fails over twice': {
    ...parked,
    dials: 2,
    isRequest: true,
    chances: { sends: 1, failovers: 2 },
  },
  'a broker that fails over, and applications that send to a session that moved': {
    ...parking,
    up: 0,
    chances: { sends: 2, failovers: 1 },
  },
  'requests that run while their session moves': { ...base, isRequest: true, chances: { parks: 1 } },
  'requests of nodes that die': { ...two, isRequest: true, chances: { parks: 1, crashes: 1 } },
  'requests of nodes that are paused': { ...two, isRequest: true, chances: { parks: 1, lapses: 1 } },
  'requests, and calls that are late': { ...two, isRequest: true, chances: { parks: 1, lates: 1 } },
  'applications that send to a session that moved': {
    ...base,
    up: 0,
    down: 1,
    chances: { sends: 2, lates: 1 },
  },
}

/** By breach, the world in which it shows, and how. */
export const breaches: Readonly<Record<Breach, readonly [symptom: string, world: World]>> = {
  'state-in-a-message': ['NEEDLESS', base],
  'copy-then-fence': ['TWO OWNERS', two],
  'go-on-after-a-park': ['TWO OWNERS', parks],
  'park-without-token': ['TWO OWNERS', { ...parking, up: 0, chances: { lates: 1 } }],
  'node-is-the-token': ['TWO OWNERS', { ...parking, up: 0, chances: { lates: 1 } }],
  'take-in-two-calls': ['TWO OWNERS', parked],
  'take-removes': ['NEEDLESS', parks],
  'unordered-takes': ['DUPLICATE', { ...parked, chances: { lates: 1 } }],
  'any-dial': ['EVICTED', base],
  'no-return': ['STUCK', parked],
  'return-without-token': ['TWO OWNERS', { ...parked, chances: { lates: 1 } }],
  'too-long-is-lost': ['NEEDLESS', two],
  'go-on-from-a-copy': ['DUPLICATE', { ...parked, chances: { crashes: 1 } }],
  'cursor-of-a-copy': ['LIE', { ...parked, chances: { crashes: 1 } }],
  'end-once': ['NEEDLESS', { ...two, chances: { ends: 1 } }],
  'tombstone-expires': ['NEEDLESS', { ...parks, chances: { parks: 1, expiries: 1 } }],
  'same-life': ['CURSOR', { ...parked, chances: { crashes: 1 } }],
  'take-as-anybody': ['IDENTITY', { ...two, chances: { strangers: 1 } }],
  'identity-first': ['EVICTED', { ...base, chances: { strangers: 1 } }],
  'identity-without-cursor': ['NEEDLESS', { ...two, chances: { strangers: 1 } }],
  'take-any-format': ['CURSOR', { ...parked, formats: [2, 1], isRequest: true }],
  'unknown-format-is-lost': ['NEEDLESS', { ...parks, formats: [2, 1] }],
  'failover-unnoticed': ['TWO OWNERS', { ...parked, chances: { failovers: 1 } }],
  'unsure-park': ['TWO OWNERS', { ...parking, up: 0, chances: { failovers: 1 } }],
  'return-as-new': ['TWO OWNERS', { ...parked, up: 0, chances: { failovers: 1 } }],
  'post-before-assert': ['LOST', forgetful],
  'read-before-assert': ['SKIPPED', forgetful],
  'keep-the-mailbox': ['SKIPPED', forgetful],
  'trust-what-runs': ['LISTED', forgetfulRequest],
  'owed-is-what-runs': ['STUCK', forgetfulRequest],
  'forget-what-is-owed': ['STUCK', forgetfulRequest],
  'repeat-a-post': ['DUPLICATE', forgetful],
  'drop-what-is-late': ['STUCK', { ...parked, isRequest: true, dials: 2 }],
  'position-stays': ['DUPLICATE', { ...parked, up: 0, chances: { sends: 1 } }],
  'no-dedupe': ['DUPLICATE', { ...parked, up: 0, dials: 2, chances: { sends: 1 } }],
  'post-while-parking': ['STUCK', { ...parking, isRequest: true, dials: 2 }],
  'forget-what-runs': ['STUCK', { ...parking, isRequest: true, dials: 2, chances: { crashes: 1 } }],
  'post-then-strike': ['LISTED', { ...parked, isRequest: true, dials: 2 }],
  'answer-directly': ['LISTED', { ...parked, isRequest: true, dials: 2 }],
  'never-interrupt': ['STUCK', { ...parked, isRequest: true, dials: 2, chances: { crashes: 1 } }],
  'missing-is-lost': ['NEEDLESS', beginning],
  'end-unknown': ['NEEDLESS', { ...beginning, chances: { ends: 1 } }],
  'interrupt-the-living': ['NEEDLESS', { ...parked, isRequest: true, dials: 2 }],
}
