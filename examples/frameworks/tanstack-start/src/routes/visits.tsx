import { Await, createFileRoute } from '@tanstack/react-router'
import { getCart, noteVisit } from '../cart'

export const Route = createFileRoute('/visits')({
  loader: async () => ({ cart: await getCart(), late: noteVisit() }),
  component: Visits
})

function Visits() {
  const { cart, late } = Route.useLoaderData()
  return (
    <main>
      <h1>Visits of {cart.user}</h1>
      <Await promise={late} fallback={<p>Loading</p>}>
        {(text) => <p>Late: {text}</p>}
      </Await>
    </main>
  )
}
