import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { recordResults } from '../src/results.ts'

describe('recordResults', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvsession-results-'))
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })

  it('Results are written to KVSESSION_RESULTS, one file for each name and seed', () => {
    vi.stubEnv('KVSESSION_RESULTS', folder)
    recordResults('headers over HTTP', { seed: 1, counts: { requests: 7 } })
    recordResults('headers over HTTP', { seed: 2, seconds: 1.5, counts: { requests: 8 }, highest: { delay: 3 } })
    expect(readdirSync(folder).sort()).toEqual(['headers-over-http.1.json', 'headers-over-http.2.json'])
    expect(JSON.parse(readFileSync(join(folder, 'headers-over-http.2.json'), 'utf8'))).toEqual({
      name: 'headers over HTTP',
      seed: 2,
      seconds: 1.5,
      counts: { requests: 8 },
      highest: { delay: 3 }
    })
  })

  it('Without KVSESSION_RESULTS no file is written', () => {
    vi.stubEnv('KVSESSION_RESULTS', undefined)
    recordResults('headers over HTTP', { seed: 1, counts: { requests: 7 } })
    expect(readdirSync(folder)).toEqual([])
  })
})
