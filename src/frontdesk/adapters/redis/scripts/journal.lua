-- Writes down one step of the running turn.
local conversation = ARGV[2]
if not holds(conversation, ARGV[3]) then
  return 0
end
redis.call('HSET', journal_of(conversation), ARGV[4], ARGV[5])
redis.call('EXPIRE', journal_of(conversation), tonumber(ARGV[6]))
return 1
