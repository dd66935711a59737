import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '@kvsession/core'
import { createReadableStreamFromReadable } from '@react-router/node'
import { type Cart, sessionContext } from '../session.server'
import type { Route } from './+types/stream'

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext)
  return new Response(createReadableStreamFromReadable(Readable.from(chunks(session))))
}

async function* chunks(session: Session<Cart>): AsyncGenerator<string> {
  yield 'first\n'
  await sleep(10)
  session.data.streamed = true
  yield 'last\n'
}
