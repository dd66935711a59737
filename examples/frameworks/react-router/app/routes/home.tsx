import { Form } from 'react-router'
import { sessionContext } from '../session.server'
import type { Route } from './+types/home'

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext)
  return { user: session.userId ?? 'stranger', items: session.data.items ?? [] }
}

export async function action({ request, context }: Route.ActionArgs) {
  const item = String((await request.formData()).get('item'))
  if (item === '') throw new Error('An item needs a name')
  await context.get(sessionContext).update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  return { added: item }
}

export default function Home({ loaderData: { user, items }, actionData }: Route.ComponentProps) {
  return (
    <main>
      <h1>Hello {user}</h1>
      <p>Items: {items.join(', ')}</p>
      {actionData && <p>Added {actionData.added}</p>}
      <Form method="post">
        <input name="item" aria-label="Item" />
        <button type="submit">Add</button>
      </Form>
      <Form method="post" action="/login">
        <input name="user" aria-label="Name" />
        <button type="submit">Log in</button>
      </Form>
    </main>
  )
}
