import type { Section } from './results.ts'

/**
 * Selects the parts to run. Each word names a section or a part. Without the name of a section, all sections run except
 * those that must be named; without the name of a part, all parts of them run.
 *
 * @throws Error for an unknown word
 */
export function selectParts(
  sections: readonly Section[],
  words: readonly string[]
): readonly { readonly section: Section; readonly part: string }[] {
  const sectionNames = sections.map(({ name }) => name)
  const partNames = [...new Set(sections.flatMap(({ parts }) => parts))]
  const unknown = words.find((word) => !sectionNames.includes(word) && !partNames.includes(word))
  if (unknown !== undefined) {
    throw new Error(`Unknown: ${unknown}. Sections: ${sectionNames.join(', ')}. Parts: ${partNames.join(', ')}.`)
  }
  const namesSection = words.some((word) => sectionNames.includes(word))
  const namesPart = words.some((word) => partNames.includes(word))
  return sections
    .filter(({ name, onlyNamed }) => (namesSection ? words.includes(name) : !onlyNamed))
    .flatMap((section) => section.parts.map((part) => ({ section, part })))
    .filter(({ part }) => !namesPart || words.includes(part))
}
