/** Writes `KEYS[1]` once more as it is, so that replicas which confirm this have it; also where nothing is. */
export const confirmationScript = `local stored = redis.call('GET', KEYS[1])
if stored then
  redis.call('SET', KEYS[1], stored, 'KEEPTTL')
else
  redis.call('SET', KEYS[1], '0 ', 'PX', 1)
  redis.call('DEL', KEYS[1])
end
return 1`
