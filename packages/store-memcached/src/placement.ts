import { assertClient, invalidClient, type MemcachedClient } from './client.ts'

/** Selects the server of a key. The result is the same in every process that lists the servers in the same order. */
export type Placement = (key: string) => MemcachedClient

/** @throws SessionError `STORE_INVALID` */
export function placementOf(clients: unknown): Placement {
  const list: readonly unknown[] = Array.isArray(clients) ? clients : [clients]
  const checked = list.map((client) => {
    assertClient(client)
    return client
  })
  if (new Set(checked).size < checked.length) throw invalidClient('got the same client twice')
  const [first, ...others] = checked
  if (first === undefined) throw invalidClient('got no client')
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
 * Rendezvous hashing (Thaler and Ravishankar 1998): the server with the highest score has the key, so an additional server
 * takes its share from all others and moves no other keys. The hash is FNV-1a with the final steps of MurmurHash3, because
 * the highest bits decide.
 */
function scoreOf(key: string, server: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(server + 1, 0x9e3779b1)
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
