import type { Profiler } from 'node:inspector'
import { describe, expect, it } from 'vitest'
import { groupTimes } from '../src/profile-groups.ts'
import { roomsOf } from '../src/rooms.ts'

const root = new URL('../..', import.meta.url).href

function node(id: number, functionName: string, url: string, children: number[] = []): Profiler.ProfileNode {
  return { id, callFrame: { functionName, url, scriptId: '1', lineNumber: 1, columnNumber: 1 }, children }
}

describe('the rooms of a profile', () => {
  const nodes = [
    node(1, '(root)', '', [2, 3, 4, 8]),
    node(2, '(garbage collector)', ''),
    node(3, '(idle)', ''),
    node(4, 'open', `${root}packages/core/src/session/load.ts`, [5, 6, 7]),
    node(5, 'get', '', []),
    node(6, 'hash', 'node:internal/crypto/hash'),
    node(7, 'handle', `${root}node_modules/express/lib/application.js`),
    node(8, 'nested', `${root}node_modules/a/node_modules/@b/c/index.js`)
  ]

  it('are files of ours and whole libraries, and share out the time that was not idle', () => {
    const found = roomsOf({
      ...{ nodes, startTime: 0, endTime: 1 },
      samples: [4, 2, 3, 6, 7, 8],
      timeDeltas: [100, 200, 5_000, 300, 200, 200]
    })
    expect(Object.fromEntries(found)).toEqual({
      'core: session/load': 0.1,
      'garbage collection': 0.2,
      'Node: cryptography': 0.3,
      express: 0.2,
      '@b/c': 0.2
    })
  })

  it('count a built-in for whoever called it', () => {
    const found = roomsOf({ nodes, startTime: 0, endTime: 1, samples: [5, 1], timeDeltas: [300, 100] })
    expect(found.get('core: session/load')).toBe(0.75)
    expect(found.get('engine: promises, built-ins, compiling')).toBe(0.25)
  })

  it('are the framework’s where the bare framework has them, else the library’s', () => {
    const profile = (rooms: Record<string, number>) => ({ framework: 'koa', act: 'read', subject: '', whole: 0, rooms })
    const bare = profile({ koa: 2, 'Node: requests, responses, streams': 3 })
    const times = groupTimes(
      profile({
        koa: 3,
        'koa: session': 1,
        'core: adapter': 2,
        'core: token': 2,
        'Node: cryptography': 1,
        keygrip: 4,
        'core: commit': 5
      }),
      bare
    )
    expect(Object.fromEntries(times)).toEqual({
      'Node and the framework': 3,
      'the adapter': 3,
      'cookie, token, cryptography': 3,
      'hand-written code, or the peer': 4,
      'the rest of core: loading, commit, store, timeouts': 5
    })
  })
})
