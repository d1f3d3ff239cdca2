-- What is in the mailbox of a held conversation.
if not holds(ARGV[2], ARGV[3]) then
  return false
end
return pending_of(ARGV[2])
