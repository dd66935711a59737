/** The results of the races. */
export interface RaceResult {
  /** Number of keys that were kept, of `parallel` requests that each wrote their own key. */
  readonly keys: number
  /** Number of increments that were kept, of `parallel` increments. */
  readonly count: number
  /** Whether a session stayed ended after a logout during slow writes. */
  readonly loggedOut: boolean
}

export const parallel = 50

/** Runs the races against one or several servers that share their sessions; requests alternate between them. */
export async function race(urls: readonly string[]): Promise<RaceResult> {
  const cookie = await logIn(urls)
  const indexes = Array.from({ length: parallel }, (_, index) => index)
  await Promise.all(indexes.map((index) => ask(urls, index, `/write?key=key${index}&wait=${waitOf(index)}`, cookie)))
  await Promise.all(indexes.map((index) => ask(urls, index, `/count?wait=${waitOf(index)}`, cookie)))
  const { data } = await read(urls, 0, cookie)

  const slow = indexes.slice(0, 10).map((index) => ask(urls, index, `/write?key=late${index}&wait=150`, cookie))
  await ask(urls, 1, '/logout', cookie)
  await Promise.all(slow)
  const after = await Promise.all(urls.map((_, index) => read(urls, index, cookie)))
  return {
    keys: Object.keys(data).filter((key) => key.startsWith('key')).length,
    count: Number(data.count),
    loggedOut: after.every(({ user }) => user === null)
  }
}

/** Up to 20 ms, unrelated to the order of the requests. */
function waitOf(index: number): number {
  return (index * 7919) % 21
}

async function logIn(urls: readonly string[]): Promise<string> {
  const response = await fetch(`${urls[0]}/login`)
  await response.body?.cancel()
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

async function ask(urls: readonly string[], turn: number, path: string, cookie: string): Promise<Response> {
  const response = await fetch(`${urls[turn % urls.length]}${path}`, { headers: { cookie } })
  if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`)
  return response
}

async function read(
  urls: readonly string[],
  turn: number,
  cookie: string
): Promise<{ user: string | null; data: Record<string, unknown> }> {
  const answer: unknown = await (await ask(urls, turn, '/', cookie)).json()
  if (!isState(answer)) throw new Error('unexpected answer')
  return answer
}

function isState(value: unknown): value is { user: string | null; data: Record<string, unknown> } {
  return typeof value === 'object' && value !== null && 'user' in value && 'data' in value
}
