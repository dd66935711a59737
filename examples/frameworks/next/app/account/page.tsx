import { redirect } from 'next/navigation'
import { sessions } from '../../lib/sessions'

export default async function Account() {
  const { userId, lastSeenAt } = await sessions.getSession()
  if (userId === undefined) redirect('/')
  return (
    <main>
      <h1>Account of {userId}</h1>
      <p>
        Last action: <time>{new Date(lastSeenAt).toISOString()}</time>
      </p>
    </main>
  )
}
