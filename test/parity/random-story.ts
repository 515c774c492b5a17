import fc from 'fast-check'
import {
  type Aggregate,
  type AggregateFunction,
  count,
  featureView,
  latest,
  max,
  mean,
  min,
  type ResolvedFeature,
  share,
  sum,
} from '../../src/define/index.ts'
import type { BooleanExpression, Duration, Expression, Instant, Row } from '../../src/values/index.ts'
import {
  type Availability,
  airport,
  base,
  declaredAvailable,
  type Expressions,
  featuresOf,
  randomInstant,
  randomRow,
  randomSource,
  stand,
} from './random-source.ts'
import type { Step, Story } from './story.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]

/** Conditions by how they read, so that a counterexample can be read. */
const conditions: Readonly<Record<string, (row: Expressions) => BooleanExpression>> = {
  b: (row) => row.b,
  'not b': (row) => row.b.not(),
  'f > 0': (row) => row.f.gt(0),
  's is not a': (row) => row.s.ne('a'),
  's is null': (row) => row.s.isNull(),
  's in a, é': (row) => row.s.in(['a', 'é']),
  'l > 0 or b': (row) => row.l.gt(0n).or(row.b),
  'f < 0 and s is not null': (row) => row.f.lt(0).and(row.s.isNotNull()),
  'i > f': (row) => row.i.gt(row.f),
  't before the base': (row) => row.t.lt(new Date(base)),
}
const numbers: Readonly<Record<string, (row: Expressions) => Expression<number>>> = {
  i: (row) => row.i,
  f: (row) => row.f,
  'f / i': (row) => row.f.dividedBy(row.i),
  'f - 0.1 * i': (row) => row.f.minus(row.i.times(0.1)),
}
const anything: Readonly<Record<string, (row: Expressions) => Expression>> = {
  ...conditions,
  ...numbers,
  l: (row) => row.l,
  s: (row) => row.s,
  t: (row) => row.t,
}

/** Every aggregate, and what it may take; null: rows. */
const functions: Readonly<Record<AggregateFunction, readonly (string | null)[]>> = {
  count: [null, ...Object.keys(anything)],
  sum: [...Object.keys(numbers), 'l'],
  mean: Object.keys(numbers),
  min: [...Object.keys(numbers), 'l', 't'],
  max: [...Object.keys(numbers), 'l', 't'],
  share: Object.keys(conditions),
  latest: Object.keys(anything),
}
const windows = ['1m', '61s', '5m', '12m', '59m', '1h', '90m', '11h', '12h', '25h', '3d', '12d', '20d'] as const
const ages = ['1ms', '10m', '6h', '1d'] as const

/** A feature as plain data. */
interface Recipe {
  readonly view: 'by_origin' | 'by_destination' | 'by_gate'
  readonly function: AggregateFunction
  readonly value: string | null
  readonly where: string | null
  readonly over: Duration | null
  readonly maxAge: Duration | null
  readonly ignoreNulls: boolean
}

const recipe: fc.Arbitrary<Recipe> = fc
  .constantFrom('count', 'sum', 'mean', 'min', 'max', 'share', 'latest', 'latest')
  .chain((made) =>
    fc.record({
      view: fc.constantFrom('by_origin', 'by_origin', 'by_destination', 'by_gate'),
      function: fc.constant(made),
      value: fc.constantFrom(...functions[made]),
      where: fc.option(fc.constantFrom(...Object.keys(conditions)), { freq: 2 }),
      over: made === 'latest' ? fc.constant(null) : fc.option(fc.constantFrom(...windows), { freq: 4 }),
      maxAge: made === 'latest' ? fc.option(fc.constantFrom(...ages), { freq: 2 }) : fc.constant(null),
      ignoreNulls: made === 'latest' ? fc.boolean() : fc.constant(false),
    }),
  )

function aggregateOf(row: Expressions, recipe: Recipe): Aggregate {
  const all = functionOf(row, recipe)
  const some = recipe.where === null ? all : all.where(conditions[recipe.where]!(row))
  return recipe.over === null ? some : some.over(recipe.over)
}

function functionOf(row: Expressions, { function: made, value, maxAge, ignoreNulls }: Recipe): Aggregate {
  if (value === null) return count()
  const ordered = value === 'l' ? row.l : value === 't' ? row.t : undefined
  switch (made) {
    case 'count':
      return count(anything[value]!(row))
    case 'sum':
      return value === 'l' ? sum(row.l) : sum(numbers[value]!(row))
    case 'mean':
      return mean(numbers[value]!(row))
    case 'min':
      return ordered === undefined ? min(numbers[value]!(row)) : min<bigint | Date>(ordered)
    case 'max':
      return ordered === undefined ? max(numbers[value]!(row)) : max<bigint | Date>(ordered)
    case 'share':
      return share(conditions[value]!(row))
    case 'latest':
      return latest(anything[value]!(row), { ignoreNulls, ...(maxAge === null ? {} : { maxAge }) })
  }
}

/** The features of recipes, in the recipes' order, named by their places. */
function featuresOfRecipes(recipes: readonly Recipe[], source: ReturnType<typeof randomSource>): ResolvedFeature[] {
  const made = (['by_origin', 'by_destination', 'by_gate'] as const).flatMap((view) => {
    const features = (row: Expressions) =>
      Object.fromEntries(
        recipes.flatMap((one, place) =>
          one.view === view ? [[`feature_${place}`, aggregateOf(row, one)] as const] : [],
        ),
      )
    if (recipes.every((one) => one.view !== view)) return []
    const key = { airport: view === 'by_destination' ? ('destination' as const) : ('origin' as const) }
    return featuresOf(
      view === 'by_gate'
        ? featureView(view, { entity: stand, source, key, features })
        : featureView(view, { entity: airport, source, key, features }),
      source.spec,
    )
  })
  const place = ({ feature }: ResolvedFeature) => Number(feature.name.slice('feature_'.length))
  return made.sort((a, b) => place(a) - place(b))
}

/** One thing that happened, and how it reached us. */
interface Fact {
  readonly row: Row
  /** A row known before the cutover stands in the file, a later one is received; this may stand in the other place too. */
  readonly both: boolean
  /** Received so long after it was known. Before: the log has it before it is visible. */
  readonly lateMs: number
  /** Stands in the file twice, the second time with another available time. */
  readonly twinLagMs: number | null
  /** Received again after so long, with another available time. */
  readonly again: { readonly afterMs: number; readonly lagMs: number } | null
  readonly backfill: boolean
}

const end = base + 2 * day
/** Many facts share few instants, so that Order has to look further, and calls have several rows. */
const happened = fc.oneof(
  { weight: 3, arbitrary: randomInstant(5 * day).map((at) => at - 3 * day) },
  { weight: 2, arbitrary: fc.integer({ min: -12, max: 12 }).map((steps) => base + steps * 15 * minute) },
)
const lags = fc.constantFrom(-hour, 0, 1, minute, 20 * minute, 30 * hour)

const fact: fc.Arbitrary<Fact> = fc.record({
  row: randomRow(happened),
  both: fc.boolean(),
  lateMs: fc.constantFrom(0, 0, 1, 999, minute, 6 * minute, 3 * hour, 30 * hour, -hour),
  twinLagMs: fc.option(lags, { freq: 5 }),
  again: fc.option(fc.record({ afterMs: fc.constantFrom(0, 1, minute, 20 * hour), lagMs: lags }), { freq: 4 }),
  backfill: fc.integer({ min: 0, max: 11 }).map((n) => n === 0),
})

const timeline = <T>(arbitrary: fc.Arbitrary<T>, from: Instant, maxLength: number, minLength = 0) =>
  fc.array(
    fc.tuple(
      fc.oneof(
        randomInstant(end - from).map((at) => at - base + from),
        happened,
      ),
      arbitrary,
    ),
    { minLength, maxLength },
  )

/** A story of random facts, cut anywhere into history and live events. */
export const randomStory: fc.Arbitrary<Story> = fc
  .record({
    id: fc.boolean(),
    available: fc.constantFrom<Availability>('event', 'column', 'lag'),
    recipes: fc.array(recipe, { minLength: 3, maxLength: 10 }),
    declaredFirst: fc.integer({ min: 1, max: 10 }),
    cutoverMs: fc.oneof(
      randomInstant(2 * day).map((at) => at - day),
      fc.constant(base),
    ),
    facts: fc.array(fact, { minLength: 1, maxLength: 40 }),
    asks: timeline(
      fc.oneof(fc.constantFrom(0, 1, minute, 4 * minute), fc.integer({ min: 0, max: 2 * hour })),
      base - day,
      6,
      1,
    ),
    restarts: timeline(fc.constant(null), base - day, 3),
    declareRest: fc.option(happened),
  })
  .map(({ id, available: from, recipes, declaredFirst, cutoverMs, facts, asks, restarts, declareRest }): Story => {
    const source = randomSource({ id, available: from })
    const startMs = Math.min(cutoverMs, base - day) - 2 * hour
    const within = (at: Instant) => Math.min(Math.max(at, startMs), end)
    const file: Row[] = []
    const steps: Step[] = []
    for (const [place, { row: drawn, both, lateMs, twinLagMs, again, backfill }] of facts.entries()) {
      const row: Row = { ...drawn, row_id: `row ${place}` }
      const event = Number(row.happened_at)
      const available = declaredAvailable(source.spec, row)
      const known = available === null ? null : Math.max(event, available)
      // What says when a row was available is no part of what makes it the same.
      const sameRow = (knownAt: Instant): Row => (from === 'column' ? { ...row, known_at: knownAt } : row)
      const past = known !== null && known < cutoverMs
      if (past || both) {
        file.push(row)
        if (twinLagMs !== null) file.push(sameRow(event + twinLagMs))
      }
      if (!past || both) {
        const at = within((known ?? event) + lateMs)
        steps.push({ at, do: backfill ? 'backfill' : 'receive', rows: [row] })
        if (again !== null)
          steps.push({ at: within(at + again.afterMs), do: 'receive', rows: [sameRow(event + again.lagMs)] })
      }
    }
    for (const [at, backMs] of asks) steps.push({ at: within(at), do: 'ask', backMs })
    for (const [at] of restarts) steps.push({ at: within(at), do: 'restart' })
    if (declareRest !== null) steps.push({ at: within(declareRest), do: 'declare the rest' })
    steps.push({ at: end, do: 'ask', backMs: 0 }, { at: end + 1, do: 'ask', backMs: 0 })
    const story: Story = {
      source: source.spec,
      features: featuresOfRecipes(recipes, source),
      declaredFirst: Math.min(declaredFirst, recipes.length),
      file,
      startMs,
      cutoverMs,
      steps: inCalls(steps.sort((a, b) => a.at - b.at)),
      entities,
    }
    // A counterexample is told in lines.
    return Object.assign(story, { [fc.toStringMethod]: () => told(story, recipes) })
  })

/** Keys that rows have, one that no row has, and nulls. */
const entities: readonly Row[] = [
  { origin: 'SFO', destination: 'SFO', gate: 7 },
  { origin: 'JFK', destination: 'JFK', gate: -1 },
  { origin: 'ÅL', destination: 'ÅL', gate: 0 },
  { origin: 'XXX', destination: 'XXX', gate: 7 },
  { origin: 'SFO', destination: null, gate: null },
  { origin: null, destination: 'SFO', gate: 7 },
]

/** Rows received at one instant come in one call. */
function inCalls(steps: readonly Step[]): Step[] {
  const calls: Step[] = []
  for (const step of steps) {
    const last = calls.at(-1)
    if (step.do === 'receive' && last?.do === 'receive' && last.at === step.at)
      calls[calls.length - 1] = { ...last, rows: [...last.rows, ...step.rows] }
    else calls.push(step)
  }
  return calls
}

function told({ source, declaredFirst, file, startMs, cutoverMs, steps }: Story, recipes: readonly Recipe[]): string {
  const time = (at: Instant) => new Date(at).toISOString()
  const row = (one: Row) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(one).flatMap(([column, value]) =>
          value === null
            ? []
            : [
                [
                  column,
                  typeof value === 'bigint' ? `${value}n` : column.endsWith('_at') ? time(Number(value)) : value,
                ],
              ],
        ),
      ),
    )
  return [
    '',
    `a source ${source.id === null ? 'without' : 'with'} ids, available from ${JSON.stringify(source.available)}`,
    ...recipes.map(
      (recipe, place) => `feature_${place}${place < declaredFirst ? '' : ' (later)'}: ${JSON.stringify(recipe)}`,
    ),
    `the clock starts at ${time(startMs)}, history ends at ${time(cutoverMs)}`,
    ...file.map((one) => `in the file: ${row(one)}`),
    ...steps.map(
      (step) =>
        `${time(step.at)} ${step.do} ${'rows' in step ? step.rows.map(row).join(', ') : 'backMs' in step ? `as of ${step.backMs} ms ago` : ''}`,
    ),
    '',
  ].join('\n')
}
