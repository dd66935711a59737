import { sessions } from '../../../lib/sessions'

/** Fails: a page must not write to the session. */
export default async function Write() {
  const { data } = await sessions.getSession()
  Object.assign(data, { items: ['lost'] })
  return <p>written</p>
}
