import { connect, driverNames } from './drivers.ts'

/**
 * Creates the table and adds one to a shared number by compareAndSet, `times` times in each of five lanes; run as
 * `counting-process.ts <driver> <url> <table> <times>`.
 */
const [name, url = '', table = '', times] = process.argv.slice(2)
const driver = driverNames.find((one) => one === name) ?? 'pg'

const { store, end } = connect(driver, url, { table })
await store.ensureSchema()
const lanes = Array.from({ length: 5 }, async () => {
  for (let left = Number(times); left > 0; ) {
    const read = await store.get('counter')
    if (await store.compareAndSet('counter', read, String(Number(read ?? '0') + 1), Date.now() + 3_600_000)) left--
  }
})
await Promise.all(lanes)
await end()
