-- Stores one event once, where it belongs, and says when the conversation is due.
local conversation = ARGV[2]
local home = ARGV[3]
local scope = ARGV[4] -- the channel the event happened in
local order = tonumber(ARGV[5])
local payload = ARGV[6]
local complete = ARGV[7] -- '0' for a notice that a fuller event may follow
local known_only = ARGV[8] == '1'
local early = tonumber(ARGV[9]) -- seconds to keep what overtook the message that begins its conversation
local gather_us = tonumber(ARGV[10])
local author = ARGV[11]
local settle = tonumber(ARGV[12])
local most_settle = tonumber(ARGV[13])
local retention = tonumber(ARGV[14])
local remember = tonumber(ARGV[15])
local first_id = 16

local function seen_of(id)
  return seen_key .. ':' .. scope .. ':' .. id
end

local function remember_ids(where, key)
  for i = first_id, #ARGV do
    redis.call('SET', seen_of(ARGV[i]), complete .. where .. '\n' .. key, 'EX', remember)
  end
end

local function earlier_sighting()
  for i = first_id, #ARGV do
    local sighting = redis.call('GET', seen_of(ARGV[i]))
    if sighting then
      return sighting
    end
  end
  return nil
end

-- Messages sent right after one that opened a conversation continue it, although the platform calls them new threads.
local function gathered_into()
  local opened = redis.call('GET', opened_key .. ':' .. scope .. ':' .. author)
  if not opened then
    return nil
  end
  local at, into = string.match(opened, '^(%d+) (.*)$')
  if not at or math.abs(order - tonumber(at)) > gather_us then
    return nil
  end
  if into == conversation or redis.call('EXISTS', header_of(into)) == 0 then
    return nil
  end
  -- Once a turn was taken there, the next loose message is a question of its own.
  if redis.call('HEXISTS', header_of(into), 'committed') == 1 then
    return nil
  end
  return into
end

-- A message in a thread whose first message was gathered elsewhere goes there too.
local function moved_to()
  local into = redis.call('GET', link_of(conversation))
  if into and string.match(into, '^.-:.-:.-:') == string.match(conversation, '^.-:.-:.-:') and redis.call('EXISTS', header_of(into)) == 1 then
    return into
  end
  return nil
end

local function arm(where)
  local header = redis.call('HMGET', header_of(where), 'owner', 'first', 'ready')
  if header[1] then
    -- When the turn that runs ends before the rest of this burst has come, the next one waits for it.
    if settle <= 0 then
      redis.call('HSET', header_of(where), 'ready', '0')
    elseif header[3] ~= '0' then
      redis.call('HSET', header_of(where), 'ready', whole(now + settle))
    end
    redis.call('PUBLISH', news_key, where)
    return
  end
  local due = tonumber(redis.call('ZSCORE', due_key, where) or nil)
  if due and due <= now then
    return
  end
  local at = now + settle
  if not header[2] then
    redis.call('HSET', header_of(where), 'first', whole(now))
    if due and due < at then
      return
    end
  elseif settle > 0 then
    at = math.min(at, math.max(now, tonumber(header[2]) + most_settle))
  end
  redis.call('ZADD', due_key, whole(at), where)
  if not due or at < due then
    ring(at)
  end
end

local function put(where, key)
  redis.call('ZADD', mailbox_of(where), whole(order), key)
  redis.call('HSET', payloads_of(where), key, payload)
  keep(where, retention)
  remember_ids(where, key)
  arm(where)
  return 'stored'
end

-- Kept in a mailbox that nobody is called to, until the conversation begins or the time is over.
local function put_early(where, key)
  redis.call('ZADD', mailbox_of(where), whole(order), key)
  redis.call('HSET', payloads_of(where), key, payload)
  redis.call('EXPIRE', mailbox_of(where), early)
  redis.call('EXPIRE', payloads_of(where), early)
  remember_ids(where, key)
  return 'early'
end

-- What was written after the message that begins the conversation and came before it; older words are not its own.
local function take_early(from, into)
  local waiting = redis.call('ZRANGE', mailbox_of(from), 0, -1, 'WITHSCORES')
  for i = 1, #waiting, 2 do
    local key = waiting[i]
    local waited = redis.call('HGET', payloads_of(from), key)
    redis.call('ZREM', mailbox_of(from), key)
    redis.call('HDEL', payloads_of(from), key)
    if waited and tonumber(waiting[i + 1]) > order then
      redis.call('ZADD', mailbox_of(into), waiting[i + 1], key)
      redis.call('HSET', payloads_of(into), key, waited)
    end
  end
end

local sighting = earlier_sighting()
if sighting then
  local was_complete, where, key = string.match(sighting, '^(%d)([^\n]*)\n(.*)$')
  if was_complete == '0' and complete == '1' and redis.call('EXISTS', header_of(where)) == 1 then
    redis.call('ZREM', mailbox_of(where), key)
    redis.call('HDEL', payloads_of(where), key)
    return put(where, key .. '+')
  end
  if not was_complete then
    return 'duplicate'
  end
  complete = was_complete
  remember_ids(where, key)
  return 'duplicate'
end

if redis.call('EXISTS', header_of(conversation)) == 0 then
  local elsewhere = moved_to()
  if not elsewhere then
    if known_only then
      return early > 0 and put_early(conversation, ARGV[first_id]) or 'unknown'
    end
    if gather_us > 0 and author ~= '' then
      elsewhere = gathered_into()
      if elsewhere then
        redis.call('SET', link_of(conversation), elsewhere, 'EX', retention)
      else
        redis.call('SET', opened_key .. ':' .. scope .. ':' .. author, whole(order) .. ' ' .. conversation, 'EX', 3600)
      end
    end
  end
  take_early(conversation, elsewhere or conversation)
  if elsewhere then
    conversation = elsewhere
  else
    redis.call('HSET', header_of(conversation), 'home', home, 'v', '1')
  end
end
return put(conversation, ARGV[first_id])
