import { connectReader, isGroundName } from './grounds.ts'

// Another process that reads beside the measured one: scale-probe-process.ts <ground> <address> <key>. At every message
// it answers with the longest read since the last one, in milliseconds.

const [ground = '', address = '', key = ''] = process.argv.slice(2)
if (!isGroundName(ground)) throw new Error(`no ground is named ${ground}`)
const { get, close } = await connectReader(ground, address)
let longest = 0
let running = true

process.on('message', (message) => {
  process.send?.(longest)
  longest = 0
  if (message === 'stop') running = false
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit())
await get(key)
process.send?.(0)
while (running) {
  const began = performance.now()
  await get(key)
  longest = Math.max(longest, performance.now() - began)
  // A hundred a second find every pause that somebody would notice, and take no processor from what is measured.
  await new Promise((resolve) => setTimeout(resolve, 10))
}
await close()
process.disconnect()
