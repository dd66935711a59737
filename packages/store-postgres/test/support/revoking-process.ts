import { createSessionAdministration } from '@kvsession/core'
import { connect, driverNames } from './drivers.ts'

/**
 * Ends each session whose id its parent sends, and answers with the moment at which that was done, in epoch milliseconds; run
 * as `revoking-process.ts <driver> <url> <table>`.
 */
const [name, url = '', table = ''] = process.argv.slice(2)
const { store, end } = connect(driverNames.find((one) => one === name) ?? 'pg', url, { table, notify: true })
const sessions = createSessionAdministration({ store })

process.on('message', async (id) => {
  await sessions.revoke(String(id))
  process.send?.(performance.timeOrigin + performance.now())
})
process.on('disconnect', end)
