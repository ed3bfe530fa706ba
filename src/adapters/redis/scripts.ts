/** A hash with more fields than this is known by its revision. */
const MANY_FIELDS = 64;

/**
 * What the hash of an operation comes to; the same as long as nothing in it changes, in whatever order Redis names its fields. One that is not there is ''. To go
 * over hundreds of steps takes a millisecond, and would be done several times for each group of writes: there it is the revision, which every change
 * of ours replaces.
 */
const DIGEST_FUNCTION = `
local function digestOf(hash)
  if #hash == 0 then return '' end
  local fields = {}
  for i = 1, #hash, 2 do fields[(i + 1) / 2] = hash[i] .. '\\0' .. hash[i + 1] end
  table.sort(fields)
  return redis.sha1hex(table.concat(fields, '\\0'))
end
local function markOf(key)
  if redis.call('HLEN', key) > ${String(MANY_FIELDS)} then return 'rev ' .. (redis.call('HGET', key, 'rev') or '') end
  return digestOf(redis.call('HGETALL', key))
end
`;

/**
 * One change, all or nothing: every guard first, then every effect. It knows nothing of operations; what may follow what comes in as
 * guards. Redis runs a script alone, and appends what it did to its file as one unit.
 *
 * KEYS: all keys. ARGV: not-after (milliseconds of Redis' clock); what to answer with of the first key's hash: nothing (empty), its
 * digest (`+`), or the hash too unless it had this digest before; the change as JSON: its guards, then its effects, each a word, the number of its key, its arguments.
 *
 * @returns `late` | `refused` FIRST-GUARD CURRENT-VALUE-PER-GUARD… | `done` HEADS [DIGEST [HASH…]], the heads being what each `HEAD` found
 */
export const CHANGE_SCRIPT = `${DIGEST_FUNCTION}
local clock = redis.call('TIME')
if clock[1] * 1000 + math.floor(clock[2] / 1000) > tonumber(ARGV[1]) then return {'late'} end
local known = ARGV[2]
local change = cjson.decode(ARGV[3])

local refused
local found = {}
for number, guard in ipairs(change[1]) do
  local kind, key = guard[1], KEYS[guard[2]]
  local holds = false
  local current = ''
  if kind == 'field-in' then
    current = redis.call('HGET', key, guard[3]) or ''
    for i = 4, #guard do holds = holds or current == guard[i] end
  elseif kind == 'field-there' then
    holds = redis.call('HEXISTS', key, guard[3]) == 1
  elseif kind == 'no-text' then
    current = redis.call('GET', key) or ''
    holds = current == ''
  elseif kind == 'text-is' then
    current = redis.call('GET', key) or ''
    holds = current == guard[3]
  elseif kind == 'no-key' then
    holds = redis.call('EXISTS', key) == 0
  elseif kind == 'no-member' then
    holds = redis.call('SISMEMBER', key, guard[3]) == 0
  elseif kind == 'heads' then
    current = redis.call('LINDEX', key, 0) or ''
    holds = current == guard[3]
  elseif kind == 'ranked' then
    holds = redis.call('ZSCORE', key, guard[3]) ~= false
  end
  found[number] = current
  if not holds and not refused then refused = number end
end
if refused then return {'refused', refused, unpack(found)} end

local isKnown = known == '+' or known ~= '' and markOf(KEYS[1]) == known
local skip = 0
local heads = {}
for _, effect in ipairs(change[2]) do
  local command, key = effect[1], KEYS[effect[2]]
  if skip > 0 then
    skip = skip - 1
  elseif command == 'UNLESS-KEY' then
    if redis.call('EXISTS', key) == 1 then skip = tonumber(effect[3]) end
  elseif command == 'HEAD' then
    heads[#heads + 1] = redis.call('LINDEX', key, 0) or ''
  elseif command == 'JOIN' then
    if not redis.call('LPOS', key, effect[3]) then redis.call('RPUSH', key, effect[3]) end
  else
    redis.call(command, key, unpack(effect, 3))
  end
end
if known == '' then return {'done', heads} end
local mark = markOf(KEYS[1])
if isKnown then return {'done', heads, mark} end
return {'done', heads, mark, redis.call('HGETALL', KEYS[1])}
`;

/**
 * Notes what became of rows that were said. Each for itself: one that somebody else has noted, or noted in another voice's time, stays as it is.
 *
 * KEYS: the voice, the rows that are not said yet, then a row for each mark. ARGV: not-after; retention in milliseconds; the marks as JSON: each the row's own key, the
 * states that it may come from, the epoch of the voice (empty: whichever), the fields and values to set, and whether that settles it.
 *
 * @returns `late` | `done`
 */
export const MARKS_SCRIPT = `
local clock = redis.call('TIME')
if clock[1] * 1000 + math.floor(clock[2] / 1000) > tonumber(ARGV[1]) then return {'late'} end
local voice = redis.call('HGET', KEYS[1], 'epoch') or ''
for number, mark in ipairs(cjson.decode(ARGV[3])) do
  local hash = KEYS[number + 2]
  local state = redis.call('HGET', hash, 'state') or ''
  local holds = false
  for _, from in ipairs(mark[2]) do holds = holds or state == from end
  if holds and (mark[3] == '' or mark[3] == voice) then
    redis.call('HSET', hash, unpack(mark[4]))
    if mark[5] then
      redis.call('LREM', KEYS[2], 1, mark[1])
      redis.call('PEXPIRE', hash, ARGV[2])
    end
  end
end
return {'done'}
`;

/**
 * One vote. Whether it counts, whether it is in time and what it leads to is decided in one go, so that two votes, or a vote and the
 * end of the wait, cannot both win.
 *
 * KEYS: operation, open, alike, suspensions, revision, the lines that it stands in. ARGV: not-after; now (empty: Redis' own clock); person; verdict; plan hash; vote as
 * JSON; id; retention in milliseconds; the digest that is known; the states awaiting, queued, denied; the id's look-alikes.
 *
 * @returns `counted` MISSING INSTANT HEADS DIGEST, the heads being the first of each line when nothing is missing, and the hash when it had another digest before;
 * or why it does not count.
 */
export const VOTE_SCRIPT = `${DIGEST_FUNCTION}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[1]) then return {'late'} end
if ARGV[2] ~= '' then now = tonumber(ARGV[2]) end
local op, person = KEYS[1], ARGV[3]
local known, awaiting, queued, denied = ARGV[9], ARGV[10], ARGV[11], ARGV[12]

local suspension = redis.call('HGET', KEYS[4], person)
if suspension then return {'suspended', suspension} end
local read = redis.call('HMGET', op, 'schema', 'state', 'expiresAt', 'planHash', 'request', 'rule')
local schema, state, expiresAt, planHash = read[1], read[2], read[3], read[4]
if redis.call('EXISTS', op) == 0 then return {'unknown'} end
if schema ~= '1' then return {'schema', schema or ''} end
if state ~= awaiting then return {'not-waiting', state} end
if now >= tonumber(expiresAt) then return {'expired', expiresAt} end
if planHash ~= ARGV[5] then return {'plan-differs'} end

local asker = cjson.decode(read[5]).person
local missing = cjson.decode(read[6]).approvals
for _, field in ipairs(redis.call('HKEYS', op)) do
  if string.sub(field, 1, 5) == 'vote:' and field ~= 'vote:' .. asker then missing = missing - 1 end
end
missing = math.max(0, missing)
local instant = string.format('%.0f', now)
local isKnown = known ~= '' and markOf(op) == known
local function counted()
  redis.call('HSET', op, 'rev', instant .. ' ' .. person)
  redis.call('INCR', KEYS[5])
  local heads = {}
  if missing == 0 then
    for i = 6, #KEYS do heads[i - 5] = redis.call('LINDEX', KEYS[i], 0) or '' end
  end
  local answer = {'counted', missing, instant, heads, markOf(op)}
  if not isKnown then answer[6] = redis.call('HGETALL', op) end
  return answer
end

if ARGV[4] == 'deny' then
  redis.call('HSET', op, 'vote:' .. person, ARGV[6], 'state', denied, 'endedAt', instant, 'touchedAt', instant)
  redis.call('ZREM', KEYS[2], ARGV[7])
  for i = 13, #ARGV do redis.call('SREM', KEYS[3], ARGV[i]) end
  redis.call('PEXPIRE', op, ARGV[8])
  return counted()
end
if person == asker then return {'own', missing} end
if redis.call('HEXISTS', op, 'vote:' .. person) == 1 then return {'already', missing} end
missing = math.max(0, missing - 1)
redis.call('HSET', op, 'vote:' .. person, ARGV[6])
if missing == 0 then
  redis.call('HSET', op, 'state', queued, 'queuedAt', instant, 'touchedAt', instant)
  for i = 6, #KEYS do redis.call('RPUSH', KEYS[i], ARGV[7]) end
end
return counted()
`;

/**
 * Takes, renews or gives back the lease, by Redis' own clock, so that nobody else's has to be right.
 *
 * KEYS: the lease (hash: holder, until, epoch), who would take it (hash: who -> until). ARGV: who; for how long (milliseconds; 0 gives back); `1` for the first
 * claim of a process.
 *
 * @returns `held` EPOCH OTHERS | `other` HOLDER | `free`
 */
export const LEASE_SCRIPT = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local who, span, fresh = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local lease = redis.call('HMGET', KEYS[1], 'holder', 'until')
local holder = lease[1]
local isFree = not holder or now >= tonumber(lease[2])
if span == 0 then
  redis.call('HDEL', KEYS[2], who)
  if holder == who then redis.call('HSET', KEYS[1], 'until', 0) end
  return {'free'}
end
redis.call('HSET', KEYS[2], who, now + span)
local others = 0
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  if tonumber(all[i + 1]) <= now then redis.call('HDEL', KEYS[2], all[i])
  elseif all[i] ~= who then others = others + 1 end
end
if not isFree and holder ~= who then return {'other', holder} end
if isFree or fresh then redis.call('HINCRBY', KEYS[1], 'epoch', 1) end
redis.call('HSET', KEYS[1], 'holder', who, 'until', now + span)
return {'held', redis.call('HGET', KEYS[1], 'epoch'), others}
`;

/**
 * One hash, unless it is still what the caller knows.
 *
 * KEYS: the hash. ARGV: the digest that is known. @returns DIGEST, empty where there is no hash; the hash, when its digest is another one.
 */
export const READ_SCRIPT = `${DIGEST_FUNCTION}
local mark = markOf(KEYS[1])
if mark == '' or mark == ARGV[1] then return {mark} end
return {mark, redis.call('HGETALL', KEYS[1])}
`;

/**
 * What holds at the moment.
 *
 * KEYS: how often brakes were moved, freeze, locks, suspensions, since when the log is away, writes; then removals of each pool. ARGV: since when writes count.
 *
 * @returns the first five as they are, with nothing as an empty text; how many writes; the removals of each pool.
 */
export const STANDING_SCRIPT = `
local answer = {
  redis.call('GET', KEYS[1]) or '',
  redis.call('GET', KEYS[2]) or '',
  redis.call('HGETALL', KEYS[3]),
  redis.call('HGETALL', KEYS[4]),
  redis.call('GET', KEYS[5]) or '',
  redis.call('ZCOUNT', KEYS[6], ARGV[1], '+inf'),
}
for i = 7, #KEYS do answer[i] = redis.call('HGETALL', KEYS[i]) end
return answer
`;

/**
 * Lists of operations, with those that are open and not as the caller knows them.
 *
 * KEYS: open, recent. ARGV: what the key of an operation begins with; how many of the newest are wanted; then what is known to be open, an id and its digest each.
 *
 * @returns the ids that are open, the newest ids; then ID, DIGEST, HASH of each that is open and not known.
 */
export const LIST_SCRIPT = `${DIGEST_FUNCTION}
local known = {}
for i = 3, #ARGV, 2 do known[ARGV[i]] = ARGV[i + 1] end
local open, recent = redis.call('ZRANGE', KEYS[1], 0, -1), {}
if ARGV[2] ~= '0' then recent = redis.call('ZREVRANGE', KEYS[2], 0, tonumber(ARGV[2]) - 1) end
local answer = {open, recent}
for _, id in ipairs(open) do
  local key = ARGV[1] .. id
  local mark = markOf(key)
  if mark ~= known[id] then
    answer[#answer + 1] = id
    answer[#answer + 1] = mark
    answer[#answer + 1] = redis.call('HGETALL', key)
  end
end
return answer
`;
