import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import type { Manifest } from '../../define/index.ts'
import type { DefinitionText } from '../../http/reports.ts'

/** The kinds whose text is shown, with the function that declares each and their part of the manifest. */
const builders = {
  entity: { call: 'entity', part: 'entities' },
  source: { call: 'source', part: 'sources' },
  'feature-view': { call: 'featureView', part: 'featureViews' },
  moment: { call: 'moment', part: 'moments' },
  model: { call: 'model', part: 'models' },
  deployment: { call: 'deployment', part: 'deployments' },
} as const

export type DefinitionTextKind = keyof typeof builders

/** Finds what people wrote: the text of a definition in the project's files. */
export interface DefinitionSources {
  /** The text of a definition; what the manifest says of it where its file cannot be read or has it no more. */
  text(manifest: Manifest, kind: DefinitionTextKind, name: string): Promise<DefinitionText>
}

/** The files of a project by their place, read again when they change. */
export function openDefinitionSources(rootDir: string): DefinitionSources {
  const known = new Map<string, { readonly changedMs: number; readonly text: string }>()

  const read = async (file: string): Promise<string | null> => {
    const path = join(rootDir, file)
    const inside = relative(rootDir, path)
    // A manifest may come from elsewhere: its paths lead to no other folder.
    if (isAbsolute(file) || inside.startsWith('..') || !/\.(ts|mts|js|mjs)$/.test(file)) return null
    try {
      const { mtimeMs } = await stat(path)
      const before = known.get(file)
      if (before?.changedMs === mtimeMs) return before.text
      const text = await readFile(path, 'utf8')
      known.set(file, { changedMs: mtimeMs, text })
      return text
    } catch {
      return null
    }
  }

  return {
    async text(manifest, kind, name) {
      const { call, part } = builders[kind]
      const file = manifest.files[`${kind} ${name}`] ?? null
      const text = file === null ? null : await read(file)
      const found = text === null ? null : definitionIn(text, call, name)
      if (found !== null) return { file, line: found.line, text: found.text, from: 'project' }
      return { file, line: null, text: JSON.stringify(manifest[part][name] ?? null, null, 2), from: 'manifest' }
    },
  }
}

/**
 * The statement that calls a builder with a name, from the comment before it to the end of the call; null where there is none.
 * It reads strings, templates and comments as such, so that a parenthesis in them ends nothing.
 */
export function definitionIn(
  text: string,
  call: string,
  name: string,
): { readonly line: number; readonly text: string } | null {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = new RegExp(`(?<![\\w$])${call}\\s*(?:<[^(]*>)?\\(\\s*(['"\`])${escaped}\\1`, 'g')
  const code = codePlaces(text)
  for (const match of text.matchAll(pattern)) {
    if (!code(match.index)) continue
    const end = endOfCall(text, text.indexOf('(', match.index), code)
    if (end === null) return null
    const begin = beginWithComment(text, text.lastIndexOf('\n', match.index) + 1)
    return { line: text.slice(0, begin).split('\n').length, text: text.slice(begin, end) }
  }
  return null
}

/** Tells of each place of a text whether it is code: not in a string, a template's text or a comment. */
function codePlaces(text: string): (place: number) => boolean {
  const outside = new Uint8Array(text.length)
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  for (const match of text.matchAll(pattern)) outside.fill(1, match.index, match.index + match[0].length)
  return (place) => outside[place] === 0
}

/** The place after the parenthesis that closes the one at `open`; null where none does. */
function endOfCall(text: string, open: number, code: (place: number) => boolean): number | null {
  let depth = 0
  for (let place = open; place < text.length; place++) {
    if (!code(place)) continue
    if (text[place] === '(') depth++
    if (text[place] === ')' && --depth === 0) return place + 1
  }
  return null
}

/** Goes up over the comment that stands right above a line. */
function beginWithComment(text: string, begin: number): number {
  const lines = text.slice(0, begin).split('\n').slice(0, -1)
  let first = lines.length
  if (/\*\/\s*$/.test(lines[first - 1] ?? '')) {
    const start = lines.findLastIndex((line) => /^\s*\/\*/.test(line))
    if (start >= 0) first = start
  } else while (/^\s*\/\//.test(lines[first - 1] ?? '')) first--
  return lines.slice(0, first).reduce((sum, line) => sum + line.length + 1, 0)
}
