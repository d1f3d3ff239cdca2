-- What every script of a shard shares. Time is the server's: workers' clocks may differ.

local function clock_us()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local now_us = clock_us()
local now = math.floor(now_us / 1000)

local function whole(number)
  return string.format('%.0f', number)
end

-- Tells waiting workers when something is due. A hint: losing it costs one poll.
local function ring(at)
  redis.call('RPUSH', bell_key, whole(at))
  redis.call('LTRIM', bell_key, -256, -1)
  redis.call('EXPIRE', bell_key, 3600)
end

local function set_due(conversation, at)
  redis.call('ZADD', due_key, whole(at), conversation)
  ring(at)
end

local function keep(conversation, seconds)
  redis.call('EXPIRE', header_of(conversation), seconds)
  redis.call('EXPIRE', mailbox_of(conversation), seconds)
  redis.call('EXPIRE', payloads_of(conversation), seconds)
  redis.call('EXPIRE', transcript_of(conversation), seconds)
end

-- True while nobody else was given the conversation after this lease.
local function holds(conversation, epoch)
  local header = redis.call('HMGET', header_of(conversation), 'epoch', 'owner')
  return header[1] == epoch and header[2] ~= false
end

local MOST_AT_ONCE = 256

-- Keys and events in the platform's order, as one flat list. A payload that is gone comes as an empty string.
local function pending_of(conversation)
  local keys = redis.call('ZRANGE', mailbox_of(conversation), 0, MOST_AT_ONCE - 1)
  local flat = {}
  if #keys == 0 then
    return flat
  end
  local payloads = redis.call('HMGET', payloads_of(conversation), unpack(keys))
  for i, key in ipairs(keys) do
    flat[#flat + 1] = key
    flat[#flat + 1] = payloads[i] or ''
  end
  return flat
end
