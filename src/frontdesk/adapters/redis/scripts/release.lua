-- Gives a conversation back with nothing done.
local conversation = ARGV[2]
if not holds(conversation, ARGV[3]) then
  return 0
end
redis.call('HDEL', header_of(conversation), 'owner', 'lease_until', 'first', 'ready')
if ARGV[5] == '1' then -- nobody ever saw this claim
  redis.call('HINCRBY', header_of(conversation), 'attempts', -1)
end
set_due(conversation, now + tonumber(ARGV[4]))
return 1
