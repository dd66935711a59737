import { sessions } from '../lib/sessions'
import { addItem, logIn, logOut } from './actions'

export default async function Page() {
  const { userId, data } = await sessions.getSession()
  return (
    <main>
      <h1>Hello, {userId ?? 'stranger'}</h1>
      <p>Your items: {data.items?.join(', ') ?? 'none'}</p>
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
