-- Writes one turn and gives the conversation back; nothing at all under a lease that is gone.
local conversation = ARGV[2]
local epoch = ARGV[3]
local retention = tonumber(ARGV[4])
local wake = ARGV[5]
local ticket_number = ARGV[6]
local ticket = ARGV[7] -- empty when the ticket is closed
local trace = ARGV[8]
local most_traces = tonumber(ARGV[9])
local done = tonumber(ARGV[10])
local first_done = 11
local first_entry = first_done + done

local name = header_of(conversation)
local committed = redis.call('HGET', name, 'committed') or ''

if not holds(conversation, epoch) then
  -- The same commit again: its first answer was lost on the way.
  return string.find(committed, ' ' .. epoch .. ' ', 1, true) and 1 or 0
end

for i = first_entry, #ARGV do
  redis.call('RPUSH', transcript_of(conversation), ARGV[i])
end
for i = first_done, first_entry - 1 do
  redis.call('ZREM', mailbox_of(conversation), ARGV[i])
  redis.call('HDEL', payloads_of(conversation), ARGV[i])
end
redis.call('DEL', journal_of(conversation))

if ticket_number ~= '' then
  if ticket ~= '' then
    redis.call('HSET', tickets_key, ticket_number, ticket)
    redis.call('EXPIRE', tickets_key, retention)
  else
    redis.call('HDEL', tickets_key, ticket_number)
  end
end

if trace ~= '' then
  redis.call('LPUSH', traces_key, trace)
  redis.call('LTRIM', traces_key, 0, most_traces - 1)
  redis.call('EXPIRE', traces_key, retention)
end

-- The last few epochs are enough to know a repeated commit again.
local kept = {epoch}
for earlier in string.gmatch(committed, '%d+') do
  if #kept < 8 then
    kept[#kept + 1] = earlier
  end
end
redis.call('HSET', name, 'committed', ' ' .. table.concat(kept, ' ') .. ' ')
local ready = tonumber(redis.call('HGET', name, 'ready') or nil) or 0
redis.call('HDEL', name, 'owner', 'lease_until', 'attempts', 'stolen', 'first', 'ready')
keep(conversation, retention)

if redis.call('ZCARD', mailbox_of(conversation)) > 0 then
  set_due(conversation, math.max(now, ready))
elseif wake ~= '' then
  set_due(conversation, tonumber(wake))
else
  redis.call('ZREM', due_key, conversation)
end
return 1
