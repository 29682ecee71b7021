import { createHash } from 'node:crypto'

/** A Lua script. Each may be executed although its call has failed, and may be called again. */
export interface Script {
  readonly text: string
  readonly hash: string
}

export function script(text: string): Script {
  return { text, hash: createHash('sha1').update(text).digest('hex') }
}

// Numbers of Lua are doubles, which it writes as 1e+14 by default.
export const common = `
local function text(number) return string.format('%.0f', number) end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- Another server, or the same after a restart, has another one. A replica may be behind.
local function run()
  local info = redis.pcall('INFO', 'replication')
  if type(info) ~= 'string' then return '' end
  if not string.find(info, 'role:master', 1, true) then error('READONLY this is a replica') end
  return string.match(info, 'master_replid:(%x+)')
end
`

/**
 * Appends publications and brings them to the subscribers.
 *
 * The hash has: e the epoch, o and i the offset and the id of the last publication, b the offset before the log, s and t the size and the
 * oldest time of the log, x its age, p and l until when the keys and the log exist at least. Their expiries are set for an eighth longer than
 * necessary, so that most publications need not set them.
 *
 * KEYS: base, log, ids. ARGV: the epoch of a new log, the lifetime of an unused log, the bounds, the length of the log in which ids are
 * recognized; then for each publication id, its length, text, its length. The lengths are those of JavaScript.
 */
export const append: Script = script(`${common}
local meta = redis.call('HMGET', KEYS[1], 'e', 'o', 'b', 's', 't', 'i', 'p', 'l')
local epoch, id, previous = meta[1], meta[6] or '', meta[6] or ''
local head, before = tonumber(meta[2] or 0), tonumber(meta[3] or 0)
local size, oldest = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
local keptUntil, loggedUntil = tonumber(meta[7] or 0), tonumber(meta[8] or 0)
local lifetime, maxMessages, maxBytes, maxAge = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time, oldHead = now(), head
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[2], KEYS[3])
elseif before < head and loggedUntil <= time and redis.call('EXISTS', KEYS[2]) == 0 then
  before = head
  size = 0
end
local answer, message = { epoch }, {}
for i = 7, #ARGV, 4 do
  local offset = text(head + 1)
  if redis.call('ZADD', KEYS[3], 'NX', offset, ARGV[i]) == 0 then
    answer[#answer + 1] = text(tonumber(redis.call('ZSCORE', KEYS[3], ARGV[i])))
  else
    head = head + 1
    id = ARGV[i]
    if maxMessages > 0 then
      redis.call('XADD', KEYS[2], offset .. '-' .. text(time), 'i', id, 't', ARGV[i + 2], 'n', ARGV[i + 3])
      if before == head - 1 then oldest = time end
      size = size + tonumber(ARGV[i + 3])
    end
    answer[#answer + 1] = offset
    message[#message + 1] = table.concat({ offset, text(time), ARGV[i + 1], ARGV[i + 3], id .. ARGV[i + 2] }, ' ')
  end
end
if #message == 0 then return answer end
if maxMessages == 0 then
  if before < oldHead then redis.call('DEL', KEYS[2]) end
  before = head
  size = 0
end
local first = before
while before < head and (head - before > maxMessages or size > maxBytes or oldest < time - maxAge) do
  local entries = redis.call('XRANGE', KEYS[2], text(before + 1), '+', 'COUNT', 2)
  if #entries == 0 then
    before = head
    size = 0
  else
    before = before + 1
    size = size - tonumber(entries[1][2][6])
    if entries[2] then oldest = tonumber(string.match(entries[2][1], '%d+$')) end
  end
end
if before > first then redis.call('XTRIM', KEYS[2], 'MINID', text(before + 1)) end
-- More ids than necessary do no harm.
if math.floor(head / 32) > math.floor(oldHead / 32) then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. text(math.min(before, head - tonumber(ARGV[6]) + 1)))
end
redis.call('HSET', KEYS[1], 'e', epoch, 'o', text(head), 'i', id, 'b', text(before), 's', text(size),
  't', text(oldest), 'x', ARGV[5])
local function keep(field, duration, ...)
  local longer = math.ceil(duration * 1.125)
  redis.call('HSET', KEYS[1], field, text(time + longer))
  for _, key in ipairs({ ... }) do redis.call('PEXPIRE', key, text(longer)) end
end
if keptUntil < time + lifetime then keep('p', lifetime, KEYS[1], KEYS[3]) end
if maxMessages > 0 and loggedUntil < time + maxAge then keep('l', maxAge, KEYS[2]) end
redis.call('SPUBLISH', KEYS[1], 'p' .. epoch .. ' ' .. #message .. ' ' .. table.concat(message) .. previous)
return answer
`)

/**
 * Reads a part of a log.
 *
 * KEYS: base, log, ids. ARGV: the epoch of a new log, the lifetime of an unused log, 'after' or 'last', a number, the most entries or -1.
 */
export const read: Script = script(`${common}
local meta = redis.call('HMGET', KEYS[1], 'e', 'o', 'b', 'i', 'x')
local epoch, id = meta[1], meta[4] or ''
local head, before = tonumber(meta[2] or 0), tonumber(meta[3] or 0)
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[1], 'e', epoch)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif before < head and redis.call('EXISTS', KEYS[2]) == 0 then
  before = head
end
local after = tonumber(ARGV[4])
if ARGV[3] == 'last' then after = head - after end
after = math.min(math.max(after, before), head)
local place = id
if after < head then place = redis.call('ZRANGEBYSCORE', KEYS[3], text(after), text(after))[1] or '' end
local entries, limit = {}, tonumber(ARGV[5])
if after < head and limit > 0 then
  entries = redis.call('XRANGE', KEYS[2], text(after + 1), '+', 'COUNT', ARGV[5])
elseif after < head and limit < 0 then
  entries = redis.call('XRANGE', KEYS[2], text(after + 1), '+')
end
return { run(), epoch, text(head), id, text(after), place, text(now()), meta[5] or '0', entries }
`)

/** Keeps what is used. KEYS: base, ids, members. ARGV: the lifetime of unused data. */
export const touch: Script = script(`
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1], 'GT') end
`)

/** Does nothing, where a key is. KEYS: the key. */
export const locate: Script = script('return 1')

/** Publishes to the node itself, and tells which run of which server it is. KEYS: the echo. ARGV: what to publish. */
export const echo: Script = script(`${common}
local id = run()
redis.call('SPUBLISH', KEYS[1], id .. ' ' .. ARGV[1])
return id
`)

const members = `${common}
local function version()
  -- Above all that were there before, should the members have been lost.
  return tonumber(redis.call('HGET', KEYS[2], 'v') or now())
end
local function changed(version, key, value)
  redis.call('HSET', KEYS[2], 'v', text(version))
  redis.call('SPUBLISH', KEYS[1], 'm' .. cjson.encode({ text(version), key, value }))
end
`

/**
 * Sets a member. KEYS: base, members. ARGV: key, owner, value, the lifetime of unused data. An owner has 22 characters.
 */
export const setMember: Script = script(`${members}
local field = 'm' .. ARGV[1]
local known = redis.call('HGET', KEYS[2], field)
local last = version()
redis.call('HSET', KEYS[2], field, ARGV[2] .. ARGV[3])
if not known or string.sub(known, 23) ~= ARGV[3] then changed(last + 1, ARGV[1], ARGV[3]) end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
`)

/** Gives a member to another owner if it has the first one. KEYS: base, members. ARGV: key, owner, owner, lifetime of unused data. */
export const parkMember: Script = script(`
local field = 'm' .. ARGV[1]
local known = redis.call('HGET', KEYS[2], field)
if not known or string.sub(known, 1, 22) ~= ARGV[2] then return end
redis.call('HSET', KEYS[2], field, ARGV[3] .. string.sub(known, 23))
redis.call('PEXPIRE', KEYS[2], ARGV[4], 'GT')
`)

/** Removes a member if it has that owner. KEYS: base, members. ARGV: key, owner. */
export const removeMember: Script = script(`${members}
local field = 'm' .. ARGV[1]
local known = redis.call('HGET', KEYS[2], field)
if not known or string.sub(known, 1, 22) ~= ARGV[2] then return end
redis.call('HDEL', KEYS[2], field)
changed(version() + 1, ARGV[1])
`)

/** Removes all members of an owner. KEYS: base, members. ARGV: owner. */
export const removeOwner: Script = script(`${members}
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  if all[i] ~= 'v' and string.sub(all[i + 1], 1, 22) == ARGV[1] then
    redis.call('HDEL', KEYS[2], all[i])
    changed(version() + 1, string.sub(all[i], 2))
  end
end
`)

/** Reads all members, after the run of Redis. KEYS: base, members. ARGV: the lifetime of unused data. */
export const readMembers: Script = script(`${members}
local all = redis.call('HGETALL', KEYS[2])
if #all == 0 then
  all = { 'v', text(now()) }
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'v', all[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
return { run(), all }
`)

// A node has a score in the set of nodes: the end of its lease, or 0 once another node removes its members.

/**
 * Renews the lease of a node, or begins it, and returns whether it has one; then the nodes whose leases have ended and whose members this
 * one is to remove. A node may judge others only if it has renewed its own lease in time: else Redis was away for all.
 *
 * KEYS: nodes, channels of the node. ARGV: node, lease, lifetime of unused data, '1' to begin.
 */
export const renew: Script = script(`${common}
local time, lease = now(), tonumber(ARGV[2])
local ends = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or (ARGV[4] == '1' and 1 or 0))
if ends == 0 then return { 0 } end
-- After a command that needs no memory, Redis executes the others although it has none left.
redis.call('ZREM', KEYS[1], '')
redis.call('ZADD', KEYS[1], text(time + lease), ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local answer = { 1 }
if ends < time or ends > time + lease * 0.9 then return answer end
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(time), 'LIMIT', 0, 16)) do
  if redis.call('SET', KEYS[1] .. ':' .. node .. ':s', ARGV[1], 'NX', 'PX', ARGV[2]) then
    redis.call('ZADD', KEYS[1], 0, node)
    answer[#answer + 1] = node
  end
end
return answer
`)

/** Notes a channel in which a node has members, if it has a lease. KEYS: nodes, channels of the node. ARGV: node, channel. */
export const enter: Script = script(`
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) == 0 then return 0 end
redis.call('SADD', KEYS[2], ARGV[2])
return 1
`)

/**
 * Notes a channel in which an owner of parked members has some, and lets its lease last so long from now on. Returns 0 if it has ended.
 *
 * KEYS: nodes, channels of the owner. ARGV: owner, lease, channel, lifetime of unused data.
 */
export const enterParked: Script = script(`${common}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ends and tonumber(ends) == 0 then return 0 end
redis.call('ZADD', KEYS[1], text(now() + tonumber(ARGV[2])), ARGV[1])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
`)

/** Forgets a channel in which a node has no members any more. KEYS: channels of the node. ARGV: channel. */
export const leave: Script = script(`redis.call('SREM', KEYS[1], ARGV[1])`)

/** Reads the channels in which a node has members. KEYS: channels of the node. */
export const channelsOf: Script = script(`return redis.call('SMEMBERS', KEYS[1])`)

/** Returns the nodes that have no lease. KEYS: nodes. ARGV: nodes. */
export const strangers: Script = script(`
local answer = {}
for _, node in ipairs(ARGV) do
  if not redis.call('ZSCORE', KEYS[1], node) then answer[#answer + 1] = node end
end
return answer
`)

/** Forgets a node. KEYS: nodes, channels of the node. ARGV: node. */
export const forget: Script = script(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
`)

/**
 * Tries all commands, and returns what Redis says of itself and what it refuses. KEYS: a key of the broker, which is also the name of a
 * pub/sub channel.
 */
export const probe: Script = script(`
local key = KEYS[1]
local refused = {}
local function try(...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  -- Of others, the broker hears when it uses them.
  if string.find(answer.err, "can't", 1, true) or string.find(answer.err, 'NOPERM', 1, true) then
    refused[#refused + 1] = string.lower((...)) .. ': ' .. answer.err
  end
end
local info = { try('INFO', 'server'), try('INFO', 'memory') }
try('TIME')
try('DEL', key)
try('EXISTS', key)
try('HSET', key, 'f', '1')
try('HGET', key, 'f')
try('HMGET', key, 'f')
try('HGETALL', key)
try('HDEL', key, 'f')
try('DEL', key)
try('XADD', key, '1-1', 'f', '1')
try('XRANGE', key, '-', '+')
try('XTRIM', key, 'MINID', '2')
try('PEXPIRE', key, '1000')
try('DEL', key)
try('ZADD', key, '1', 'f')
try('ZSCORE', key, 'f')
try('ZRANGEBYSCORE', key, '1', '1')
try('ZREMRANGEBYSCORE', key, '1', '1')
try('ZREM', key, 'f')
try('DEL', key)
try('SADD', key, 'f')
try('SMEMBERS', key)
try('SREM', key, 'f')
try('SET', key, '1', 'PX', '1000')
try('DEL', key)
try('SPUBLISH', key, '')
return { info[1] or '', info[2] or '', refused }
`)
