import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NoonmarkError } from '../errors.ts'

/** Where in a project's folder an error is to be mended; null for what is not known. */
export interface ErrorPlace {
  /** Relative to the project's folder. */
  readonly file: string | null
  /** From 1. */
  readonly line: number | null
  /** From 1. */
  readonly column: number | null
  /** `feature-view shop_deliveries` */
  readonly definition: string | null
  /** `deliveries_1d`, `columns.shop` */
  readonly field: string | null
}

const builders: Readonly<Record<string, string>> = {
  entity: 'entity',
  source: 'source',
  'feature-view': 'featureView',
  moment: 'moment',
  model: 'model',
  deployment: 'deployment',
  derive: 'derive',
}

/**
 * Reads an error's path (`features/shop.ts:12 > feature-view shop_deliveries > deliveries_1d`), and looks up in the file's text
 * what the path does not say: the line of the definition or of its field, or the definition around a line.
 */
export async function placeOfError({ path }: Pick<NoonmarkError, 'path'>, rootDir: string): Promise<ErrorPlace> {
  const parts = path?.split(' > ') ?? []
  const head = /^(.*?\.(?:ts|mts|js|mjs|json|lock))(?::(\d+))?(?::(\d+))?$/.exec(parts[0] ?? '')
  const rest = head === null ? parts : parts.slice(1)
  const named = builders[rest[0]?.split(' ')[0] ?? ''] !== undefined && /\S \S/.test(rest[0]!)
  const [definition, fields] = named ? [rest[0]!, rest.slice(1)] : [null, rest]
  const field = fields.length === 0 ? null : fields.join(' > ')
  const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text))
  const place = { file: head?.[1] ?? null, line: number(head?.[2]), column: number(head?.[3]), definition, field }
  if (place.file === null || (place.line === null) === (definition === null)) return place
  const text = await readFile(join(rootDir, place.file), 'utf8').catch(() => '')
  if (definition !== null) return { ...place, line: lineOf(text, definition, field) }
  return { ...place, definition: definitionAround(text, place.line!) } // one of the two is known
}

/** The definition in which a line lies; null between definitions. */
function definitionAround(text: string, line: number): string | null {
  const lines = text.split('\n').slice(0, line)
  const start = lines.findLastIndex((one) => /^(export |const |let |\))/.test(one))
  const pattern = new RegExp(`\\b(${Object.values(builders).join('|')})\\s*(?:<[^(]*>)?\\(\\s*['"\`]([^'"\`]+)['"\`]`)
  const match = pattern.exec(lines.slice(Math.max(0, start)).join('\n'))
  const kind = Object.keys(builders).find((one) => builders[one] === match?.[1])
  return kind === undefined ? null : `${kind} ${match?.[2]}`
}

/** The line on which a field of a definition is written, else that of the definition; null where neither is found. */
function lineOf(text: string, definition: string, field: string | null): number | null {
  const [kind = '', name = ''] = definition.split(' ')
  const builder = builders[kind]
  if (builder === undefined || name === '') return null
  const start = new RegExp(`\\b${builder}\\s*(?:<[^(]*>)?\\(\\s*['"\`]${escaped(name)}['"\`]`).exec(text)?.index
  if (start === undefined) return null
  const own = text.slice(start, start + endOf(text.slice(start)))
  const last = field?.split(/ > |\./).at(-1) ?? ''
  const at = last === '' ? -1 : own.search(new RegExp(`(?:^|[\\s{,'"])${escaped(last)}['"]?\\s*[:(,}]`))
  // The match may begin with the line break before the name.
  const offset = at < 0 ? start : start + at + 1
  return text.slice(0, offset).split('\n').length
}

/** Where the next definition of a file begins. */
function endOf(text: string): number {
  const next = text.slice(1).search(/^export const /m)
  return next < 0 ? text.length : next
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** A place as people read it: `features/shop.ts:12 > feature-view shop_deliveries > deliveries_1d`. */
export function formatPlace({ file, line, column, definition, field }: ErrorPlace): string {
  const where =
    file === null ? null : [file, ...(line === null ? [] : [line, ...(column === null ? [] : [column])])].join(':')
  return [where, definition, field].filter((part) => part !== null).join(' > ')
}
