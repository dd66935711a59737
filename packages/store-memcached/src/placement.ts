import { assertClient, type MemcachedClient, misfit } from './client.ts'

/** Which server has a key: the same in every process that lists the same servers in the same order. */
export type Placement = (key: string) => MemcachedClient

/** @throws SessionError `STORE_INVALID` */
export function placementOf(clients: unknown): Placement {
  const list: readonly unknown[] = Array.isArray(clients) ? clients : [clients]
  const checked = list.map((client) => {
    assertClient(client)
    return client
  })
  if (new Set(checked).size < checked.length) throw misfit('got the same client twice')
  const [first, ...others] = checked
  if (first === undefined) throw misfit('got no client')
  return (key) => {
    let best = { client: first, score: scoreOf(key, 0) }
    for (const [index, client] of others.entries()) {
      const score = scoreOf(key, index + 1)
      if (score > best.score) best = { client, score }
    }
    return best.client
  }
}

/**
 * Rendezvous hashing: the highest score has the key, so that one more server takes its share from all and moves nothing
 * else (Thaler and Ravishankar 1998). FNV-1a, and the last steps of MurmurHash3, because the highest bits decide.
 */
function scoreOf(key: string, server: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(server + 1, 0x9e3779b1)
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
