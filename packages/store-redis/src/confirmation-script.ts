/** Writes `KEYS[1]` again unchanged, even if it is absent, so that a replica that confirms this write has its value. */
export const confirmationScript = `local stored = redis.call('GET', KEYS[1])
if stored then
  redis.call('SET', KEYS[1], stored, 'KEEPTTL')
else
  redis.call('SET', KEYS[1], '0 ', 'PX', 1)
  redis.call('DEL', KEYS[1])
end
return 1`
