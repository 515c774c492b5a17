import { noonmarkError } from '../errors.ts'
import type { ColumnProfile, FileProfile } from '../offline/index.ts'
import { formatInstant } from '../values/index.ts'
import { camelCase, singular, uniqueNames } from './names.ts'
import { type Reading, readProfile, shareOf } from './reading.ts'

/** What a draft is made of. */
export interface DraftRequest {
  /** The file's profile, its columns under the names that definitions use. */
  readonly profile: FileProfile
  /** What a row is one of, as a definition is called: `orders`. */
  readonly name: string
  /** Where the history lies, relative to the project. */
  readonly history: string
  /** The zone of times that have no offset; UTC is assumed and marked where it is not given. */
  readonly timeZone: string | null
}

/** Definitions to be edited, as the text of files. */
export interface Draft {
  /** By path within the project. */
  readonly files: Readonly<Record<string, string>>
  /** What should be looked at before anything is trained, in a few words each. */
  readonly look: readonly string[]
  readonly reading: Reading
}

/**
 * Drafts an entity, sources and a moment from what a file holds. What is a guess is marked LOOK; the draft loads and applies as it
 * stands.
 * @throws source_time_missing where no column could be the event time
 */
export function draftDefinitions(request: DraftRequest): Draft {
  const reading = readProfile(request.profile)
  const { eventTime } = reading
  if (eventTime === null) throw noEventTime(request.profile)
  const writer = new DraftWriter(request, reading, eventTime)
  return { files: writer.files(), look: writer.look, reading }
}

function noEventTime({ columns }: FileProfile) {
  const almost = columns.find(({ type, nulls }) => type === 'timestamp' && nulls > 0)
  const texts = columns
    .filter(({ type }) => type === 'string')
    .map(({ name, frequent }) => `${name} (${frequent[0]?.value ?? 'empty'})`)
  return noonmarkError('source_time_missing', {
    message:
      almost === undefined
        ? `No column holds times in ISO 8601, such as 2026-01-31T08:00:00Z.${texts.length === 0 ? '' : ` Columns of text are ${texts.slice(0, 5).join(', ')}.`}`
        : `Every row needs the time at which it happened, and ${almost.name} is missing in ${almost.nulls} rows.`,
  })
}

class DraftWriter {
  readonly look: string[] = []
  private readonly request: DraftRequest
  private readonly reading: Reading
  private readonly eventTime: string
  private readonly imports = new Set<string>(['entity', 'source'])
  private readonly names = uniqueNames()
  private readonly columns: ReadonlyMap<string, ColumnProfile>
  private readonly entity: string | null
  private readonly sourceConst: string
  private readonly entityConst: string
  private readonly endedConst: string
  private readonly viewConst: string

  constructor(request: DraftRequest, reading: Reading, eventTime: string) {
    this.request = request
    this.reading = reading
    this.eventTime = eventTime
    const { name } = request
    this.columns = new Map(request.profile.columns.map((column) => [column.name, column]))
    this.entity = reading.entities[0] ?? null
    this.sourceConst = this.names(camelCase(name))
    this.entityConst = this.names(camelCase(this.entity ?? 'everything'))
    this.endedConst = this.names(camelCase(`${name}_ended`))
    this.viewConst = this.names(camelCase(`${this.entity ?? 'all'}_${name}`))
  }

  files(): Readonly<Record<string, string>> {
    const { name } = this.request
    return { [`features/${name}.ts`]: this.features(), [`moments/${name}.ts`]: this.moment() }
  }

  /** A line that its user should look at. */
  private mark(text: string, subject = ''): string {
    this.look.push(`${subject}${text}`)
    return `// LOOK: ${text}`
  }

  private type(name: string): string {
    const { type } = this.columns.get(name)!
    const used = name === this.reading.id ? 'string' : type
    this.imports.add(used)
    return `${used}()`
  }

  private comment(name: string): string {
    const { type, distinct, frequent, range, times } = this.columns.get(name)!
    const strange = this.reading.strange.get(name)
    const rows = this.request.profile.rows
    const what =
      name === this.reading.id
        ? 'every row has another value'
        : times !== null
          ? `${formatInstant(times.first)} to ${formatInstant(times.last)}`
          : range !== null
            ? `${short(range.min)} to ${short(range.max)}`
            : type === 'string' || type === 'bool'
              ? `${distinct} values: ${frequent.map(({ value, rows: of }) => `${oneLine(value)} ${shareOf(of / rows)}`).join(', ')}`
              : `${distinct} values`
    return `// ${what}${strange === undefined ? '' : `; ${strange}`}`
  }

  private line(name: string): string {
    return `    ${name}: ${this.type(name)}, ${this.comment(name)}`
  }

  private timeZone(): string[] {
    const { profile, timeZone } = this.request
    const naive = profile.columns.some(({ times }) => (times?.naive ?? 0) > 0)
    if (!naive) return []
    if (timeZone !== null) return [`  timeZone: '${timeZone}',`]
    return [`  timeZone: 'UTC', ${this.mark('the times of the file have no offset; in which zone are they?')}`]
  }

  private features(): string {
    const { profile, history, name } = this.request
    const { id, endTime, unknown, entities } = this.reading
    const known = profile.columns.filter((column) => !unknown.has(column.name))
    const head = [
      `// Drafted by \`noonmark import\` from ${profile.rows} rows. Look at each line marked LOOK, and delete what you do not need.`,
    ]
    const entityLines =
      this.entity === null
        ? [
            this.mark('no column has values that come back, so there is nothing that features could describe'),
            `export const ${this.entityConst} = entity('everything', { key: { everything: string() } })`,
          ]
        : [
            this.mark(
              `features describe a ${this.entity} (${this.columns.get(this.entity)!.distinct} of them)${entities.length > 1 ? `; also possible: ${entities.slice(1, 6).join(', ')}` : ''}`,
            ),
            `export const ${this.entityConst} = entity('${this.entity.toLowerCase()}', { key: { ${this.entity}: ${this.type(this.entity)} } })`,
          ]
    if (this.entity === null) this.imports.add('string')
    const others = profile.columns
      .filter((column) => column.times !== null && column.name !== this.eventTime)
      .map((column) => column.name)
    const left = [...unknown].map(
      ([column, why]) => `    // ${column}: ${this.type(column)}, ${this.mark(why, `${column} is left out: `)}`,
    )
    const sourceLines = [
      endTime === null ? '/** What happened. */' : '/** What was known when it began. */',
      `export const ${this.sourceConst} = source('${name}', {`,
      `  history: '${history}',`,
      '  columns: {',
      ...known.map((column) => this.line(column.name)),
      ...left,
      '  },',
      ...(id === null
        ? [`  ${this.mark('no column names a row; with an id a repeated row counts once')}`]
        : [`  id: '${id}',`]),
      `  eventTime: '${this.eventTime}',${others.length === 0 ? '' : ` ${this.mark(`it happened at ${this.eventTime}; other times are ${others.join(', ')}`)}`}`,
      ...this.timeZone(),
      '})',
    ]
    const text = [...head, '', ...entityLines, '', ...sourceLines, '', ...this.ended(), ...this.view()]
    return `import { ${[...this.imports].sort().join(', ')} } from 'noonmark'\n\n${text.join('\n')}`
  }

  /** The same rows, told when they had come true. */
  private ended(): string[] {
    const { endTime, id, unknown } = this.reading
    if (endTime === null) return []
    const { profile, history, name } = this.request
    const empty = (column: ColumnProfile): boolean => column.nulls === profile.rows
    const columns = profile.columns.filter(
      (column) => !empty(column) && !/nothing/.test(unknown.get(column.name) ?? '') && column.name !== this.eventTime,
    )
    const nulls = this.columns.get(endTime)!.nulls
    const zone = profile.columns.some(({ times }) => (times?.naive ?? 0) > 0)
      ? [`  timeZone: '${this.request.timeZone ?? 'UTC'}',`]
      : []
    // A row that has not ended has no time of its end, and a source has none without its event time.
    const open =
      nulls === 0
        ? []
        : [
            this.mark(
              `${endTime} is missing in ${nulls} rows, and a source refuses those: write the ended ones to a file of their own`,
            ),
          ]
    return [
      '/** What came true, by when it was known. */',
      ...open,
      `export const ${this.endedConst} = source('${name}_ended', {`,
      `  history: '${history}',`,
      '  columns: {',
      ...columns.map((column) => this.line(column.name)),
      '  },',
      ...(id === null ? [] : [`  id: '${id}',`]),
      `  eventTime: '${endTime}',`,
      ...zone,
      '})',
      '',
    ]
  }

  private view(): string[] {
    const { endTime, unknown, id } = this.reading
    if (this.entity === null) return []
    for (const name of ['count', 'featureView']) this.imports.add(name)
    const usable = this.request.profile.columns.filter(
      ({ name, nulls }) =>
        name !== id &&
        name !== this.entity &&
        nulls < this.request.profile.rows &&
        !/nothing/.test(unknown.get(name) ?? ''),
    )
    const inSource = usable.filter(({ name }) => endTime !== null || !unknown.has(name))
    const numbers = inSource.filter(({ type }) => type === 'float' || type === 'int').slice(0, 3)
    const conditions = inSource.filter(({ type }) => type === 'bool').slice(0, 3)
    if (numbers.length > 0) this.imports.add('mean')
    if (conditions.length > 0) this.imports.add('share')
    const { name } = this.request
    return [
      '/** What is known of each by then. */',
      `export const ${this.viewConst} = featureView('${`${this.entity}_${name}`.toLowerCase()}', {`,
      `  entity: ${this.entityConst},`,
      `  source: ${endTime === null ? this.sourceConst : this.endedConst},`,
      `  features: (${numbers.length + conditions.length === 0 ? '' : 'row'}) => ({`,
      "    rows_7d: count().over('7d'),",
      ...numbers.map(({ name: column }) => `    mean_${column}_7d: mean(row.${column}).over('7d'),`),
      ...conditions.map(({ name: column }) => `    ${column}_share_7d: share(row.${column}).over('7d'),`),
      '  }),',
      '})',
      '',
    ]
  }

  private moment(): string {
    const { profile, name } = this.request
    const { id, unknown, strange } = this.reading
    const imports = new Set(['moment'])
    const dtype = (column: string): string => {
      const used = column === id ? 'string' : this.columns.get(column)!.type
      imports.add(used)
      return strange.has(column) ? `${used}().optional()` : `${used}()`
    }
    const momentName = singular(name)
    const definitions = `'../features/${name}.ts'`
    const key = id ?? this.entity
    const request = profile.columns.filter(
      (column) => ![id, this.entity, this.eventTime, key].includes(column.name) && !unknown.has(column.name),
    )
    const [keyField, keyLine] =
      key === null ? ['everything', ''] : id === null ? [`${key}_id`, `  columns: { ${key}_id: '${key}' },`] : [key, '']
    if (key === null)
      throw noonmarkError('definition_invalid', {
        message: 'No column names a row, and none has values that come back, so a moment would have no key.',
        hint: 'Add a column that identifies a row.',
      })
    const used = [this.sourceConst, ...(this.entity === null ? [] : [this.entityConst])].sort()
    const lines = [
      `export const ${this.names(camelCase(momentName === name ? `${name}_moment` : momentName))} = moment('${momentName}', {`,
      `  source: ${this.sourceConst}, // its rows are the past occurrences`,
      `  key: { ${keyField}: ${dtype(key)} },${id === null ? ` ${this.mark('what names one occurrence? Without an id, its entity and its time do')}` : ''}`,
      ...(keyLine === '' ? [] : [keyLine]),
      ...(this.entity === null
        ? []
        : [
            `  entities: { ${this.entity === this.entityConst ? this.entity : `${this.entity}: ${this.entityConst}`} },`,
          ]),
      `  request: {${request.length === 0 ? '' : ` ${this.mark('what the application knows and sends at the moment')}`}`,
      ...request.map((column) => `    ${column.name}: ${dtype(column.name)},`),
      '  },',
      '})',
    ]
    return `import { ${[...imports].sort().join(', ')} } from 'noonmark'\nimport { ${used.join(', ')} } from ${definitions}\n\n/** The point at which predictions are made. */\n${lines.join('\n')}\n`
  }
}

const short = (value: number): string => String(Number(value.toPrecision(6)))

/** A value within a comment. */
const oneLine = (value: string): string => value.replace(/[\r\n\u2028\u2029]+/g, ' ').slice(0, 30)
