import { describe, expect, it } from 'vitest'
import type { Section } from '../src/results.ts'
import { selectParts } from '../src/selection.ts'

function section(name: string, parts: readonly string[], onlyNamed = false): Section {
  return { name, title: name, about: '', parts, onlyNamed, run: async () => ({ tables: [] }) }
}

const sections = [
  section('http', ['express', 'koa']),
  section('in-process', ['express', 'koa']),
  section('long', ['a'], true)
]

function selected(...words: readonly string[]): readonly string[] {
  return selectParts(sections, words).map(({ section: { name }, part }) => `${name} ${part}`)
}

describe('The command line of the bench', () => {
  it('Without words every section runs, except those that must be named', () => {
    expect(selected()).toEqual(['http express', 'http koa', 'in-process express', 'in-process koa'])
    expect(selected('long')).toEqual(['long a'])
  })

  it('Words select one part of a section, all parts of a section, or one part of all sections', () => {
    expect(selected('http', 'koa')).toEqual(['http koa'])
    expect(selected('http')).toEqual(['http express', 'http koa'])
    expect(selected('koa')).toEqual(['http koa', 'in-process koa'])
  })

  it('An unknown word is refused', () => {
    expect(() => selected('http', 'hapi')).toThrow(
      'Unknown: hapi. Sections: http, in-process, long. Parts: express, koa, a.'
    )
  })
})
