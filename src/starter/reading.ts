import type { ColumnProfile, FileProfile } from '../offline/index.ts'

/** What a file's columns seem to mean. Everything here is a guess that its user looks at. */
export interface Reading {
  /** Names each row: every row has another value. Null where no column does. */
  readonly id: string | null
  /** When a row happened: the earliest of its times. Null where the file has none. */
  readonly eventTime: string | null
  /** When it came true: a time that lies later. Null where there is none. */
  readonly endTime: string | null
  /** What features may describe: values that come back, the likeliest first. */
  readonly entities: readonly string[]
  /** Why a column is left out of what is known at the moment, by column. */
  readonly unknown: ReadonlyMap<string, string>
  /** What is strange about a column that may still be used. */
  readonly strange: ReadonlyMap<string, string>
}

/** A share of rows from which on two times are in order. */
const inOrder = 0.95

/** Guesses what the columns of a file mean, from their values and a little from their names. */
export function readProfile(profile: FileProfile): Reading {
  const { rows, columns } = profile
  const lies = (earlier: string, later: string): number => {
    const found = profile.later.find((one) => one.earlier === earlier && one.later === later)
    return found === undefined || found.both === 0 ? 0 : found.rows / found.both
  }
  const times = columns.filter(({ type, nulls }) => type === 'timestamp' && nulls === 0).map(({ name }) => name)
  // The one that lies before most others; of several such the first in the file.
  const wins = (name: string): number => times.filter((other) => other !== name && lies(name, other) >= inOrder).length
  const eventTime = [...times].sort((a, b) => wins(b) - wins(a))[0] ?? null
  const laterTimes =
    eventTime === null
      ? []
      : columns.filter(
          ({ name, type }) => type === 'timestamp' && name !== eventTime && lies(eventTime, name) >= inOrder,
        )
  const endTime = laterTimes.toSorted((a, b) => a.nulls - b.nulls)[0]?.name ?? null

  const id =
    columns
      .filter(
        ({ type, nulls, distinct }) =>
          ['string', 'int', 'int64'].includes(type) && nulls === 0 && distinct === rows && rows > 1,
      )
      .toSorted((a, b) => Number(looksLikeId(b)) - Number(looksLikeId(a)))[0]?.name ?? null

  const entities = columns
    .filter(({ name, type, nulls, distinct }) => {
      const comesBack = distinct >= 2 && distinct * 3 <= rows && nulls * 10 <= rows
      return (
        name !== id &&
        comesBack &&
        (type === 'string' || (type !== 'float' && type !== 'timestamp' && type !== 'bool' && looksLikeId({ name })))
      )
    })
    .toSorted((a, b) => entityScore(b, rows) - entityScore(a, rows))
    .map(({ name }) => name)

  const unknown = new Map<string, string>()
  const strange = new Map<string, string>()
  for (const column of columns) {
    const { name, type, nulls, distinct } = column
    if (name === id || name === eventTime) continue
    const later = laterTimes.find((one) => one.name === name)
    if (rows > 0 && nulls === rows) unknown.set(name, 'empty in every row')
    else if (distinct === 1 && nulls === 0) unknown.set(name, 'the same in every row, so it tells nothing')
    else if (later !== undefined)
      unknown.set(
        name,
        `later than ${eventTime} in ${shareOf(lies(eventTime!, name))} of the rows, so nobody knew it then`,
      )
    else if (type === 'bool' && endTime !== null)
      unknown.set(name, `yes or no: is it known at ${eventTime}, or is it what comes true?`)
    else if (type === 'string' && !entities.includes(name) && distinct > 0.5 * (rows - nulls))
      unknown.set(name, 'nearly every row has another value, so there is nothing to learn from it')
    else if (nulls > 0) strange.set(name, `missing in ${shareOf(nulls / rows)} of the rows`)
  }
  return { id, eventTime, endTime, entities, unknown, strange }
}

const looksLikeId = ({ name }: Pick<ColumnProfile, 'name'>): boolean =>
  /(^|_)(id|key|code|no|nr|number|uuid)$|Id$/i.test(name)

/** Most values, as long as each has enough rows to count something. */
function entityScore({ distinct }: ColumnProfile, rows: number): number {
  const perValue = rows / distinct
  return perValue >= 20 ? distinct : -distinct / rows
}

/** `8.3 %` */
export function shareOf(share: number): string {
  const percent = 100 * share
  return `${percent === 100 || percent >= 99.95 ? (percent === 100 ? '100' : '99.9') : percent < 0.1 ? '< 0.1' : percent.toFixed(percent < 10 ? 1 : 0)} %`
}
