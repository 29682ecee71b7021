import { common, script } from '../scripts.ts'
import type { Script } from '../scripts.ts'

// KEYS of all: record, blob, mailbox, running. The record is a hash:
//   k the hash of the key, o and a the hub that has the session or had it last and its attempt, p whether it is parked, s the run of Redis
//   under which all that is known; e why it has ended; rx, tx and q its cursors; f, i, d the format, the identity and the dials of what
//   is parked, w and x since when and until when; m and z what was removed from the mailbox and what was posted; c by hub, the last post.
// The blob holds what is parked, the mailbox is a stream, and running has by request the hub whose handler
//   runs, '' for none, or a plus and the place in the mailbox of an answer that may be unread.

const record = `${common}
local base, blob, mail, running = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local stamp, time = run(), now()
local names = { 'k', 'o', 'a', 'p', 's', 'e', 'rx', 'tx', 'q', 'w', 'x', 'm', 'z' }
local r, values = {}, redis.call('HMGET', base, unpack(names))
for i, name in ipairs(names) do r[name] = values[i] or nil end
local function isUnder(node, attempt) return r.o == node and r.a == attempt end
local function keep(lifetime)
  for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], lifetime) end
end
local function finish(why, lifetime)
  redis.call('DEL', blob, mail, running)
  redis.call('HDEL', base, 'p', 'f', 'i', 'd', 'w', 'x', 'm', 'z', 'c')
  redis.call('HSET', base, 'e', why)
  redis.call('PEXPIRE', base, lifetime)
end
-- After a command that needs no memory, Redis executes the others although it has none left.
local function needNoMemory() redis.call('HDEL', base, '') end
`

const mailbox = `${record}
local function enter(message, answers, lifetime)
  r.z = text(tonumber(r.z or 0) + 1)
  redis.call('XADD', mail, r.z .. '-1', 't', message, 'a', answers)
  redis.call('HSET', base, 'z', r.z)
  redis.call('PEXPIRE', mail, text(math.max(0, tonumber(r.x or 0) - time) + tonumber(lifetime)))
  if answers ~= '' then redis.call('HSET', running, answers, '+' .. r.z) end
end
`

/**
 * A new session. ARGV: hub, attempt, the hash of the key, lifetime. Returns the attempt and the run, or 0 if the session is none of the
 * hub's.
 */
export const begin: Script = script(`${record}
local attempt = ARGV[2]
if r.k then
  if r.e or r.p or r.o ~= ARGV[1] or r.k ~= ARGV[3] then return { 0, stamp } end
  attempt = r.a
end
redis.call('HSET', base, 'k', ARGV[3], 'o', ARGV[1], 'a', attempt, 's', stamp)
keep(ARGV[4])
return { tonumber(attempt), stamp }
`)

/** Takes a session. ARGV: hub, attempt, the hash of the key, identity, client, dial, format, '1' for the last time, lifetime. */
export const take: Script = script(`${record}
if not r.k then return { 'missing' } end
if r.k ~= ARGV[3] then return { 'unknown' } end
local function ended(why, handlers) return { 'ended', why, r.rx, r.tx, r.q, handlers } end
local function close(why)
  local handlers = redis.call('HGETALL', running)
  needNoMemory()
  finish(why, ARGV[9])
  return ended(why, handlers)
end
if r.e then return ended(r.e, {}) end
local isIts = r.o == ARGV[1]
if not r.p and not isIts then return { 'elsewhere', r.o, r.a } end
-- Another hub may have gone on from it, which Redis has forgotten.
if r.s ~= stamp or not r.w then return { 'unknown' } end
-- Given to the hub before, which did not hear of it.
if not r.p and tonumber(ARGV[2]) <= tonumber(r.a) then return { 'late' } end
local parked = redis.call('HMGET', base, 'f', 'i', 'd')
for _, dial in ipairs(cjson.decode(parked[3])) do
  if dial[1] == ARGV[5] and tonumber(ARGV[6]) <= dial[2] then return { 'late' } end
end
local state = redis.call('HGET', blob, 't')
if not state or time >= tonumber(r.x) then return close('expired') end
if parked[2] ~= ARGV[4] then return close('identity') end
if tonumber(parked[1]) > tonumber(ARGV[7]) then
  if ARGV[8] == '1' then return close('unknown') end
  return { 'unreadable' }
end
needNoMemory()
redis.call('HDEL', base, 'p')
redis.call('HSET', base, 'o', ARGV[1], 'a', ARGV[2])
keep(ARGV[9])
redis.call('PEXPIRE', blob, text(tonumber(r.x) - time))
return { 'yours', state, text(time - tonumber(r.w)), stamp, r.m or '0', redis.call('HGETALL', running) }
`)

/**
 * Parks a session. ARGV: the run or '', hub, attempt, ttl, lifetime, what is parked, format, identity, dials, rx, tx, queued, the place in
 * the mailbox; then the requests that run on the hub. Returns how many replicas there are.
 */
export const park: Script = script(`${record}
if not r.k or r.s ~= stamp or (ARGV[1] ~= '' and ARGV[1] ~= stamp) then return { 'renewed', stamp } end
if r.e or not isUnder(ARGV[2], ARGV[3]) then return { 'late' } end
local info = redis.pcall('INFO', 'replication')
local done = { 'done', type(info) == 'string' and string.match(info, 'connected_slaves:(%d+)') or '0' }
if r.p then return done end
redis.call('HSET', base, 'p', '1', 'f', ARGV[7], 'i', ARGV[8], 'd', ARGV[9], 'rx', ARGV[10], 'tx', ARGV[11], 'q', ARGV[12],
  'm', ARGV[13], 'z', text(math.max(tonumber(r.z or 0), tonumber(ARGV[13]))), 'w', text(time), 'x', text(time + tonumber(ARGV[4])))
redis.call('HSET', blob, 't', ARGV[6])
redis.call('XTRIM', mail, 'MINID', text(tonumber(ARGV[13]) + 1))
local requests = redis.call('HGETALL', running)
for i = 2, #requests, 2 do
  local place = tonumber(string.match(requests[i], '^%+(%d+)$'))
  if place and place <= tonumber(ARGV[13]) then redis.call('HDEL', running, requests[i - 1]) end
end
for i = 14, #ARGV do redis.call('HSET', running, ARGV[i], ARGV[2]) end
keep(text(tonumber(ARGV[4]) + tonumber(ARGV[5])))
redis.call('PEXPIRE', blob, ARGV[4])
return done
`)

/**
 * Ends a session. ARGV: hub, attempt, the hash of the key, why, rx, tx, queued, lifetime, '1' if the hub is certain to have it, whatever
 * Redis may have forgotten. Returns whether it has, and the requests that run.
 */
export const end: Script = script(`${record}
local isForgotten = not r.k or r.s ~= stamp
if r.e or not (isForgotten and ARGV[9] == '1') then
  if not isUnder(ARGV[1], ARGV[2]) or r.p then return { 0, {} } end
  if r.e then return { 1, {} } end
end
local handlers = redis.call('HGETALL', running)
needNoMemory()
redis.call('HSET', base, 'k', ARGV[3], 'o', ARGV[1], 'a', ARGV[2], 's', stamp, 'rx', ARGV[5], 'tx', ARGV[6], 'q', ARGV[7])
finish(ARGV[4], ARGV[8])
return { 1, handlers }
`)

/** Puts a session back that a hub was given. What is of another run stays so. ARGV: hub, attempt. */
export const giveBack: Script = script(`${record}
if r.e or r.p or not isUnder(ARGV[1], ARGV[2]) then return end
needNoMemory()
if r.w then redis.call('HSET', base, 'p', '1') else redis.call('DEL', unpack(KEYS)) end
`)

/**
 * A hub has the session, whatever Redis may have forgotten. ARGV: the run, hub, attempt, the hash of the key, lifetime, how much of the
 * mailbox it has read; then the requests that run on other hubs, each of which may have been answered, or not.
 */
export const assert: Script = script(`${record}
if ARGV[1] ~= stamp then return { 'renewed', stamp } end
if r.k and r.s == stamp or r.e then
  if r.e or r.p or not isUnder(ARGV[2], ARGV[3]) then return { 'late' } end
  keep(ARGV[5])
  return { 'done' }
end
redis.call('DEL', unpack(KEYS))
redis.call('HSET', base, 'k', ARGV[4], 'o', ARGV[2], 'a', ARGV[3], 's', stamp, 'm', ARGV[6], 'z', ARGV[6])
for i = 7, #ARGV do redis.call('HSET', running, ARGV[i], '') end
keep(ARGV[5])
return { 'done' }
`)

/** How many hubs may post in turn without being forgotten, which would let a repeated post be another one. */
const rememberedHubs = 16

/** Posts a message. ARGV: the run or '', hub, number of the post, message, the request that it answers or '', the most messages, lifetime. */
export const post: Script = script(`${mailbox}
if not r.k or r.e then return { 'ended' } end
if r.s ~= stamp then return { 'forgotten', stamp } end
if ARGV[1] ~= '' and ARGV[1] ~= stamp then return { 'renewed', stamp } end
local posts = cjson.decode(redis.call('HGET', base, 'c') or '[]')
for i, one in ipairs(posts) do
  if one[1] == ARGV[2] then
    if tonumber(ARGV[3]) <= one[2] then return { 'posted', stamp } end
    table.remove(posts, i)
    break
  end
end
if ARGV[5] ~= '' and redis.call('HGET', running, ARGV[5]) ~= ARGV[2] then return { 'posted', stamp } end
if tonumber(r.z or 0) - tonumber(r.m or 0) >= tonumber(ARGV[6]) then return { 'full' } end
enter(ARGV[4], ARGV[5], ARGV[7])
posts[#posts + 1] = { ARGV[2], tonumber(ARGV[3]) }
if #posts > ${rememberedHubs} then table.remove(posts, 1) end
redis.call('HSET', base, 'c', cjson.encode(posts))
return { 'posted', stamp, not r.p and r.o or '' }
`)

/** Reads the mailbox. ARGV: the run or '', the place after which to read. */
export const readMailbox: Script = script(`${record}
if not r.k or r.e then return { 'none' } end
if r.s ~= stamp or (ARGV[1] ~= '' and ARGV[1] ~= stamp) then return { 'renewed', stamp } end
return { 'found', redis.call('XRANGE', mail, text(tonumber(ARGV[2]) + 1), '+') }
`)

/** Reads which requests run, and on which hubs. */
export const runningRequests: Script = script(`return redis.call('HGETALL', KEYS[4])`)

/** Posts an answer for each request if it still runs on that hub. ARGV: lifetime; then for each request its number, the hub, the answer. */
export const interrupt: Script = script(`${mailbox}
if not r.k or r.e or r.s ~= stamp then return end
for i = 2, #ARGV, 3 do
  if redis.call('HGET', running, ARGV[i]) == ARGV[i + 1] then enter(ARGV[i + 2], ARGV[i], ARGV[1]) end
end
`)

/** Strikes a request off those that run. ARGV: hub, attempt, request. Returns the hub whose handler runs; nothing if none is known. */
export const abort: Script = script(`${record}
if r.e or r.p or r.s ~= stamp or not isUnder(ARGV[1], ARGV[2]) then return end
local node = redis.call('HGET', running, ARGV[3])
if not node or string.sub(node, 1, 1) == '+' then return end
needNoMemory()
redis.call('HDEL', running, ARGV[3])
return node
`)

/** Returns the run of Redis. KEYS: any. */
export const whichRun: Script = script(`${common}
return run()
`)

/**
 * Publishes a message for a hub that has a lease. KEYS: nodes, the inbox of the hub. ARGV: hub, message, the hub that sends it. Returns
 * whether the hub has a lease, and whether the one has that sends it.
 */
export const tell: Script = script(`
local function lives(node)
  local ends = redis.call('ZSCORE', KEYS[1], node)
  return ends and tonumber(ends) > 0 and 1 or 0
end
local isAlive = lives(ARGV[1])
if isAlive == 1 then redis.call('SPUBLISH', KEYS[2], ARGV[2]) end
return { isAlive, lives(ARGV[3]) }
`)
