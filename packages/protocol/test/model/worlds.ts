import type { Breach, World } from './world.ts'

const base: World = { messages: [2, 1], sockets: 3, window: 2, servers: 1, expiry: true }
const less: World = { ...base, messages: [1, 1] }
const short: World = { ...base, sockets: 2 }
const nodes: World = {
  ...short,
  messages: [1, 1],
  servers: 2,
  isShared: true,
  canPark: true,
  lateAcks: true,
  chances: { parks: 1 },
}

/** Small enough for every test run, with one thing at a time. */
export const smallWorlds: Readonly<Record<string, World>> = {
  'nothing but cuts, late greetings and expiry': base,
  'a first greeting': { ...less, isFresh: true },
  'acks that are asked for': { ...short, asks: true },
  'acks that are asked for, and a server that drains': {
    ...short,
    messages: [1, 1],
    asks: true,
    chances: { drains: 1 },
  },
  'tombstones that are forgotten': { ...less, amnesia: true },
  'a server that crashes': { ...base, chances: { crashes: 1 } },
  'two servers': { ...short, servers: 2 },
  'a server that drains, and crashes': { ...short, chances: { drains: 1, crashes: 1 } },
  'a client that leaves': { ...short, chances: { byes: 1 } },
  'users that change': { ...less, chances: { logins: 2 } },
  'another client with the key': { ...less, chances: { thefts: 1 } },
  'a session that is ended': { ...less, chances: { closes: 1 } },
  'messages that are withdrawn, and lost on the way': { ...short, chances: { withdrawals: 1, leaks: 1 } },
  'nodes that share their sessions': { ...nodes, messages: [2, 1], chances: {} },
  'a node that drains, and a client that moves': nodes,
  'a node that drains, and a client that cannot move': { ...nodes, canPark: false },
}

/** What takes minutes, and several things at a time: `node packages/protocol/test/model/large.ts`. */
export const largeWorlds: Readonly<Record<string, World>> = {
  'four messages each way': { ...base, messages: [4, 4] },
  'four messages each way, crash': { ...base, messages: [4, 4], chances: { crashes: 1 } },
  'four messages each way, withdrawals, leaks': {
    ...base,
    messages: [4, 4],
    chances: { withdrawals: 1, leaks: 1 },
  },
  'three messages each way, crash, amnesia': {
    ...base,
    messages: [3, 3],
    amnesia: true,
    chances: { crashes: 1 },
  },
  'acks that are asked for': { ...base, messages: [3, 2], asks: true },
  'acks that are asked for, withdrawals, crash': {
    ...base,
    messages: [2, 1],
    asks: true,
    chances: { withdrawals: 1, crashes: 1 },
  },
  'two servers, crash': { ...base, messages: [2, 2], servers: 2, chances: { crashes: 1 } },
  'two servers, drain, crash': { ...base, messages: [1, 1], servers: 2, chances: { drains: 1, crashes: 1 } },
  'drain, crash': { ...base, messages: [2, 2], chances: { drains: 1, crashes: 1 } },
  'users that change, drain': { ...base, messages: [2, 1], chances: { logins: 2, drains: 1 } },
  'everything once': {
    ...base,
    messages: [1, 1],
    sockets: 2,
    amnesia: true,
    chances: { crashes: 1, drains: 1, byes: 1, logins: 1, thefts: 1, closes: 1, withdrawals: 1, leaks: 1 },
  },
  'nodes that drain': { ...nodes, messages: [2, 2], sockets: 3, chances: { parks: 2 } },
  'nodes that drain, and a client that cannot move': {
    ...nodes,
    messages: [2, 2],
    canPark: false,
    chances: { parks: 2 },
  },
  'nodes that drain, crash, byes': { ...nodes, messages: [2, 1], chances: { parks: 1, crashes: 1, byes: 1 } },
  'withdrawals, leaks': { ...base, messages: [4, 2], chances: { withdrawals: 1, leaks: 1 } },
  'a first greeting': { ...base, messages: [3, 2], isFresh: true, sockets: 4 },
}

/** By breach, the world in which it shows, and how. */
export const breaches: Readonly<Record<Breach, readonly [symptom: string, world: World]>> = {
  'withdraw-numbered': ['LIE', { ...base, chances: { withdrawals: 1 } }],
  'leave-a-hole': ['VIOLATION', { ...base, chances: { withdrawals: 1 } }],
  'take-old': ['DUPLICATE', base],
  'take-gap': ['LIE', { ...base, chances: { leaks: 1 } }],
  'ack-on-arrival': ['LIE', base],
  'keep-the-pack': ['VIOLATION', base],
  'renumber-on-resume': ['DUPLICATE', base],
  'no-resume-from-zero': ['FALSE LOSS', base],
  'no-counter': ['EVICTED', base],
  'identity-before-counter': ['EVICTED', { ...base, chances: { logins: 2 } }],
  'no-fence': ['TWO', base],
  'rotate-keys': ['FALSE LOSS', base],
  'supersede-oneself': ['DEAD', base],
  'tell-provisional': ['PHANTOM', base],
  'resume-for-anybody': ['IDENTITY', { ...base, chances: { logins: 1 } }],
  'carry-to-anybody': ['IDENTITY', { ...base, chances: { logins: 1 } }],
  'no-acks': ['STUCK', base],
  'forget-the-question': ['STUCK', { ...base, asks: true }],
  'pong-without-ack': ['STUCK', { ...base, asks: true }],
  'pong-on-arrival': ['LIE', { ...base, asks: true }],
  'no-window': ['OVERRUN', { ...base, messages: [3, 1] }],
  'evict-the-oldest': ['LIE', { ...base, messages: [3, 1] }],
  'cursor-before-fence': ['DUPLICATE', { ...base, chances: { closes: 1 } }],
  'resend-unknown': ['DUPLICATE', { ...base, chances: { crashes: 1 } }],
  'guess-undelivered': ['LIE', { ...base, chances: { crashes: 1 } }],
  'forget-undelivered': ['SILENTLY', base],
  'take-after-bye': ['DUPLICATE', { ...base, chances: { drains: 1 } }],
  'bye-without-cursor': ['LIE', { ...base, chances: { drains: 1 } }],
  'bye-when-parking': ['FALSE LOSS', nodes],
  'close-before-acks': ['UNKNOWN', nodes],
  'close-without-ack': ['UNKNOWN', nodes],
  'park-a-copy': ['DUPLICATE', nodes],
  'park-without-messages': ['SILENTLY', nodes],
  'ask-nobody': ['FALSE LOSS', nodes],
}
