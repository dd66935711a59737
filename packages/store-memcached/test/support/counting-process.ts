import { connect } from './memcached.ts'

/** Adds one to a shared number, `times` times, by compareAndSet; run as `counting-process.ts <port> <times>`. */
const [port, times] = process.argv.slice(2)

const { client, store } = connect(Number(port))
for (let left = Number(times); left > 0; ) {
  const read = await store.get('counter')
  if (await store.compareAndSet('counter', read, String(Number(read ?? '0') + 1), Date.now() + 3_600_000)) left--
}
client.shutdown()
