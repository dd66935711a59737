import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '@kvsession/core'
import type { PageServerLoad } from './$types'

/** SvelteKit sends the page at once, and the result of the promise when there is one. */
export const load: PageServerLoad = ({ locals: { session } }) => ({ late: changeLate(session) })

async function changeLate(session: Session<Cart>): Promise<string> {
  await sleep(50)
  session.data.streamed = true
  return 'late result'
}
