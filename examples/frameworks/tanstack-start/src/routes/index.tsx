import { createFileRoute } from '@tanstack/react-router'
import { addItem, failAfterLogin, getCart, logIn } from '../cart'

export const Route = createFileRoute('/')({
  loader: () => getCart(),
  component: Home
})

function Home() {
  const { user, items } = Route.useLoaderData()
  return (
    <main>
      <h1>Hello {user}</h1>
      <p>Items: {items.join(', ')}</p>
      <form id="add" method="post" action={addItem.url}>
        <input name="item" aria-label="Item" />
        <button type="submit">Add</button>
      </form>
      <form id="login" method="post" action={logIn.url}>
        <input name="user" aria-label="Name" />
        <button type="submit">Log in</button>
      </form>
      <form id="fail" method="post" action={failAfterLogin.url}>
        <input name="user" aria-label="Name" />
        <button type="submit">Log in and fail</button>
      </form>
    </main>
  )
}
