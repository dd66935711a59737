import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { recordFigures } from '../src/results.ts'

describe('the figures of a campaign', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvsession-figures-'))
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })

  it('are kept for whoever asked, one file for each name and seed', () => {
    vi.stubEnv('KVSESSION_FIGURES', folder)
    recordFigures('headers over HTTP', { seed: 1, counts: { requests: 7 } })
    recordFigures('headers over HTTP', { seed: 2, seconds: 1.5, counts: { requests: 8 }, highest: { delay: 3 } })
    expect(readdirSync(folder).sort()).toEqual(['headers-over-http.1.json', 'headers-over-http.2.json'])
    expect(JSON.parse(readFileSync(join(folder, 'headers-over-http.2.json'), 'utf8'))).toEqual({
      name: 'headers over HTTP',
      seed: 2,
      seconds: 1.5,
      counts: { requests: 8 },
      highest: { delay: 3 }
    })
  })

  it('are nobody’s when nobody asked', () => {
    vi.stubEnv('KVSESSION_FIGURES', undefined)
    recordFigures('headers over HTTP', { seed: 1, counts: { requests: 7 } })
    expect(readdirSync(folder)).toEqual([])
  })
})
