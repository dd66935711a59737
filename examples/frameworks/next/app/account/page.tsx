import { redirect } from 'next/navigation'
import { Suspense } from 'react'
import { sessions } from '../../lib/sessions'

export default function Page() {
  return (
    <main>
      <Suspense>
        <Account />
      </Suspense>
    </main>
  )
}

async function Account() {
  const { userId, lastSeenAt } = await sessions.getSession()
  if (userId === undefined) redirect('/')
  return (
    <>
      <h1>Account of {userId}</h1>
      <p>
        Last action: <time>{new Date(lastSeenAt).toISOString()}</time>
      </p>
    </>
  )
}
