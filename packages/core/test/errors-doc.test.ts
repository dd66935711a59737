import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SessionError } from '../src/index.ts'
import { errorCodes } from './support/error-codes.ts'

const document = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const sections = document.split(/^### /m).slice(1)
const documented = sections.map((section) => section.split('\n', 1).join(''))

it('docs/errors.md explains every code, once, and none that does not exist', () => {
  expect(documented.toSorted()).toEqual(errorCodes.toSorted())
})

it.each(errorCodes)('docs/errors.md gives the status of %s and says what to do', (code) => {
  const section = sections.find((section) => section.startsWith(`${code}\n`))
  expect(section).toContain(`\nStatus ${new SessionError(code, '').status}. `)
  expect(section).toContain('**Do:** ')
})
