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
  it('runs every section but those that run only by name', () => {
    expect(selected()).toEqual(['http express', 'http koa', 'in-process express', 'in-process koa'])
    expect(selected('long')).toEqual(['long a'])
  })

  it('runs one part of one section, all parts of one, or one part of all', () => {
    expect(selected('http', 'koa')).toEqual(['http koa'])
    expect(selected('http')).toEqual(['http express', 'http koa'])
    expect(selected('koa')).toEqual(['http koa', 'in-process koa'])
  })

  it('refuses an unknown word', () => {
    expect(() => selected('http', 'hapi')).toThrow(
      'Unknown: hapi. Sections: http, in-process, long. Parts: express, koa, a.'
    )
  })
})
