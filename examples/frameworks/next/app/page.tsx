import { Suspense } from 'react'
import { sessions } from '../lib/sessions'
import { addItem, logIn, logOut } from './actions'

export default function Page() {
  return (
    <main>
      <Suspense>
        <Cart />
      </Suspense>
      <form action={addItem}>
        <input name="item" required />
        <button type="submit">Add</button>
      </form>
      <form action={logIn}>
        <input name="user" required />
        <button type="submit">Log in</button>
      </form>
      <form action={logOut}>
        <button type="submit">Log out</button>
      </form>
    </main>
  )
}

async function Cart() {
  const { userId, data } = await sessions.getSession()
  return (
    <>
      <h1>Hello, {userId ?? 'stranger'}</h1>
      <p>Your items: {data.items?.join(', ') ?? 'none'}</p>
    </>
  )
}
