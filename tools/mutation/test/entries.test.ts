import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readExplanations, readSeededMutants } from '../src/entries.ts'
import { root } from '../src/working-copy.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('survivors.md', () => {
  it('Every explanation names a file and a part of one of its lines', () => {
    const stale = readExplanations().filter(
      ({ file, part }) => !existsSync(join(root, file)) || !read(file).includes(part)
    )
    expect(stale).toEqual([])
  })

  it('An entry has the heading above it as its reason', () => {
    const markdown = '## Dead\n\n- `a.ts`: `if (a)` → `true` or `false`\n'
    expect(readExplanations(markdown)).toEqual([
      { file: 'a.ts', part: 'if (a)', becomes: ['true', 'false'], why: 'Dead' }
    ])
  })

  it('An entry without a mutant is refused', () => {
    expect(() => readExplanations('- `a.ts`: `if (a)`')).toThrow('not an explanation')
  })
})

describe('seeded.md', () => {
  const mutants = readSeededMutants()

  it.each(mutants)('The code that "$name" replaces occurs once in $file', ({ file, replace, by }) => {
    expect(read(file).split(replace)).toHaveLength(2)
    expect(by).not.toBe(replace)
  })

  it('Every test file exists', () => {
    const missing = mutants.flatMap(({ testFiles }) => testFiles).filter((file) => !existsSync(join(root, file)))
    expect(missing).toEqual([])
  })

  it('No two mutants have the same name', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })

  it('An entry without a test file is refused', () => {
    expect(() => readSeededMutants('- A: `a.ts`, `1` → `2`')).toThrow('not a seeded mutant')
  })
})
