import { createHash } from 'node:crypto'

/**
 * `KEYS[1]`; then whether a value is expected (1 or 0), the expected value, now, the head of the envelope to write, the
 * value to write, and when the server may drop it. The last arguments say how many bytes of the expected value the new one
 * keeps in front and at the end; the value is sent without them. A live value that the store did not write is an error.
 */
export const source = `local stored = redis.call('GET', KEYS[1])
local value = ARGV[5]
if stored then
  local deadline, start = string.match(stored, '^(%d+) ()')
  if not deadline then return redis.error_reply('FOREIGN value') end
  local live = tonumber(deadline) > tonumber(ARGV[3])
  if live and ARGV[1] == '0' then return 0 end
  if ARGV[1] == '1' and not (live and string.sub(stored, start) == ARGV[2]) then return 0 end
elseif ARGV[1] == '1' then
  return 0
end
if ARGV[1] == '1' then
  local expected = ARGV[2]
  value = string.sub(expected, 1, tonumber(ARGV[7])) .. value .. string.sub(expected, #expected - tonumber(ARGV[8]) + 1)
end
redis.call('SET', KEYS[1], ARGV[4] .. value, 'PXAT', ARGV[6])
return 1`

export const sha1: string = createHash('sha1').update(source).digest('hex')
