import { sessions } from '../../lib/sessions'
import { fail, findNothing, goElsewhere, logOut, stay } from './actions'

const actions = { stay, goElsewhere, findNothing, fail, logOut }

/** The tests submit these forms. */
export default async function Checks() {
  const { userId } = await sessions.getSession()
  return (
    <main>
      <h1>Hello, {userId ?? 'stranger'}</h1>
      {Object.entries(actions).map(([name, action]) => (
        <form key={name} action={action}>
          <input name="user" />
          <button type="submit">{name}</button>
        </form>
      ))}
    </main>
  )
}
