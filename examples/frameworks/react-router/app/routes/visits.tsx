import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '@kvsession/core'
import { Suspense } from 'react'
import { Await } from 'react-router'
import { type Cart, sessionContext } from '../session.server'
import type { Route } from './+types/visits'

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext)
  return { user: session.userId ?? 'stranger', late: changeLate(session) }
}

async function changeLate(session: Session<Cart>): Promise<string> {
  await sleep(100)
  session.data.streamed = true
  return 'noted'
}

export default function Visits({ loaderData: { user, late } }: Route.ComponentProps) {
  return (
    <main>
      <h1>Visits of {user}</h1>
      <Suspense fallback={<p>Loading</p>}>
        <Await resolve={late}>{(text) => <p>Late: {text}</p>}</Await>
      </Suspense>
    </main>
  )
}
