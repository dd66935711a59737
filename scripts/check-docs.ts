import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type CodeBlock, readAnchors, readCodeBlocks, readLinks } from './markdown.ts'
import { type Problem, reportProblems } from './problem.ts'
import { type ProjectAddress, pathOfLink, readAddress } from './project-address.ts'
import { readVocabulary, snippetData } from './snippet-vocabulary.ts'
import { listFiles } from './workspace.ts'

/** The folder for the blocks as modules. Git ignores it, and it is removed if all compile. */
const snippetFolder = '.snippets'
const checkedLanguages = new Set(['ts', 'typescript', 'js', 'javascript', 'mjs'])

/** The document and the line from which a line of a generated module comes. */
type Origin = { readonly document: string; readonly line: number } | undefined

interface SnippetModule {
  readonly name: string
  readonly lines: readonly string[]
  readonly origins: readonly Origin[]
}

/** Every broken link within the repository, relative or absolute, and every block of TypeScript that does not compile against the sources. */
export function findDocProblems(root: string): Problem[] {
  const documents = listFiles(root, (name) => name.endsWith('.md') && name !== 'CHANGELOG.md').map((file) =>
    relative(root, file).replaceAll('\\', '/')
  )
  const address = readAddress(root)
  return [
    ...documents.flatMap((document) => [...checkLinks(root, document, address), ...checkShownFiles(root, document)]),
    ...checkFrameworkPages(root),
    ...checkSnippets(root, documents.filter(isGuide))
  ]
}

/** The file whose content a block shows: `<!-- snippet: file examples/frameworks/h3/server.ts -->`. */
function shownFile({ directive = '' }: CodeBlock): string | undefined {
  return /^file (\S+)$/.exec(directive)?.[1]
}

/** Ensures that readers copy files that are tested where they are. */
function checkShownFiles(root: string, document: string): Problem[] {
  return readCodeBlocks(readFileSync(join(root, document), 'utf8')).flatMap((block) => {
    const file = shownFile(block)
    if (file === undefined) return []
    const where = `${document}:${block.line}`
    if (!existsSync(join(root, file))) return [{ where, what: `${file}: no such file` }]
    const content = readFileSync(join(root, file), 'utf8').trimEnd()
    return block.code === content ? [] : [{ where, what: `must show ${file} unchanged` }]
  })
}

const frameworkExamples = 'examples/frameworks'

/** Each example of a framework has a page, which shows its program. */
function checkFrameworkPages(root: string): Problem[] {
  if (!existsSync(join(root, frameworkExamples))) return []
  return readdirSync(join(root, frameworkExamples)).flatMap((name) => {
    const page = `docs/frameworks/${name}.md`
    if (!existsSync(join(root, page))) return [{ where: `${frameworkExamples}/${name}`, what: `has no page: ${page}` }]
    const shown = readCodeBlocks(readFileSync(join(root, page), 'utf8')).map(shownFile)
    if (shown.some((file) => file?.startsWith(`${frameworkExamples}/${name}/`))) return []
    return [{ where: page, what: `shows no file of ${frameworkExamples}/${name}` }]
  })
}

/** Documents with code for readers to paste. */
function isGuide(document: string): boolean {
  return !document.startsWith('docs/decisions/')
}

function checkLinks(root: string, document: string, address: ProjectAddress): Problem[] {
  const markdown = readFileSync(join(root, document), 'utf8')
  return readLinks(markdown).flatMap(({ target, line }) => {
    const ours = pathOfLink(target, address)
    if (ours === undefined && /^[a-z][\w+.-]*:/i.test(target)) return []
    const [path = '', anchor] = decodeURIComponent(ours ?? target).split('#')
    const folder = ours === undefined ? dirname(document) : '.'
    const file = path === '' ? join(root, document) : resolve(root, folder, path)
    const where = `${document}:${line}`
    if (!existsSync(file)) return [{ where, what: `${target}: no such file` }]
    if (anchor === undefined || !file.endsWith('.md') || !statSync(file).isFile()) return []
    if (readAnchors(readFileSync(file, 'utf8')).has(anchor)) return []
    return [{ where, what: `${target}: no such heading` }]
  })
}

function checkSnippets(root: string, documents: readonly string[]): Problem[] {
  const problems: Problem[] = []
  const vocabulary = readVocabulary(root)
  const modules = documents.flatMap((document) => snippetsOf({ root, document, vocabulary }, problems))
  if (modules.length === 0) return problems
  const folder = join(root, snippetFolder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { name, lines } of modules) writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(snippetConfig))
  const found = compile(root, modules)
  if (found.length === 0) rmSync(folder, { recursive: true })
  return [...problems, ...found]
}

const snippetConfig = {
  extends: '../tsconfig.base.json',
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false
  },
  include: ['*.ts']
}

interface SnippetSource {
  readonly root: string
  readonly document: string
  readonly vocabulary: Readonly<Record<string, string>>
}

function snippetsOf({ root, document, vocabulary }: SnippetSource, problems: Problem[]): SnippetModule[] {
  const modules: SnippetModule[] = []
  for (const block of readCodeBlocks(readFileSync(join(root, document), 'utf8'))) {
    if (!checkedLanguages.has(block.language) || shownFile(block) !== undefined) continue
    const where = `${document}:${block.line}`
    const { preamble, unknown } = readDirective(block.directive ?? '', vocabulary, modules.at(-1))
    for (const word of unknown) {
      const known = ['program', 'continues', ...Object.keys(vocabulary)].join(', ')
      problems.push({ where, what: `snippet comment: \`${word}\` is not one of ${known}` })
    }
    const own = block.code.split('\n')
    modules.push({
      name: `${document.replace(/\.md$/, '').replaceAll(/[^\w]+/g, '-')}-${block.line}.ts`,
      lines: [...preamble.lines, ...own, 'export {}'],
      origins: [...preamble.origins, ...own.map((_, index) => ({ document, line: block.line + index })), undefined]
    })
  }
  return modules
}

/**
 * `uses a, b` declares names; `continues` appends the block to the one before it, which may itself continue;
 * `program` says that the block runs as pasted, which check-tarballs does, `with` the address `of` an engine.
 */
function readDirective(
  directive: string,
  vocabulary: Readonly<Record<string, string>>,
  previous: SnippetModule | undefined
): { preamble: { lines: string[]; origins: Origin[] }; unknown: string[] } {
  const words = directive
    .replace(/\bprogram(?: with \w+ of [\w-]+)?|\buses\b/g, '')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  const lines: string[] = []
  const origins: Origin[] = []
  const unknown: string[] = []
  if (words.includes('continues') && previous !== undefined) {
    lines.push(...previous.lines.slice(0, -1))
    origins.push(...previous.origins.slice(0, -1))
  }
  for (const word of words) {
    const declaration = vocabulary[word]
    if (declaration !== undefined) {
      if (declaration.includes('SnippetData') && !lines.includes(snippetData)) lines.push(snippetData)
      lines.push(declaration)
    } else if (word !== 'continues') unknown.push(word)
  }
  while (origins.length < lines.length) origins.push(undefined)
  return { preamble: { lines, origins }, unknown }
}

function compile(root: string, modules: readonly SnippetModule[]): Problem[] {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const { status, stdout, stderr } = spawnSync(tsc, ['-p', snippetFolder, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8'
  })
  if (status === 0) return []
  const byPlace = new Map<string, Problem>()
  // An error may go on in indented lines.
  for (const block of `${stdout}${stderr}`.trim().split(/\n(?! )/)) {
    const [, file = 'tsc', line = '', what = block] = /^(.+?)\((\d+),\d+\): error (.*)$/s.exec(block) ?? []
    const module = modules.find(({ name }) => file.endsWith(`${snippetFolder}/${name}`))
    const origin = module?.origins[Number(line) - 1]
    const where = origin === undefined ? `${file}:${line}` : `${origin.document}:${origin.line}`
    byPlace.set(`${where} ${what}`, { where, what })
  }
  return [...byPlace.values()]
}

if (process.argv[1] === import.meta.filename) {
  reportProblems('docs', findDocProblems(process.cwd()), 'every link resolves and every snippet compiles')
}
