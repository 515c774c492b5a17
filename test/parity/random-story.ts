import fc from 'fast-check'
import type { SourceSpec } from '../../src/define/index.ts'
import { type Duration, durationMs, type Instant, type Row, windowLeave } from '../../src/values/index.ts'
import { ages, featuresOfRecipes, type Recipe, randomRecipe, windows } from './random-features.ts'
import { type Availability, base, declaredAvailable, randomInstant, randomRow, randomSource } from './random-source.ts'
import type { Step, Story } from './story.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
/** When the last row is received. */
const end = base + 2 * day

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
}

/** Many facts share few instants, so that Order has to look further, and calls have several rows. */
const happened = fc.oneof(
  { weight: 3, arbitrary: randomInstant(5 * day).map((at) => at - 3 * day) },
  { weight: 2, arbitrary: fc.integer({ min: -12, max: 12 }).map((steps) => base + steps * 15 * minute) },
)
const lags = fc.constantFrom(-hour, 0, 1, minute, 20 * minute, 30 * hour)

const fact: fc.Arbitrary<Fact> = fc.record({
  // Most facts are about one entity, whose windows are then full.
  row: fc
    .tuple(
      randomRow(happened),
      fc.constantFrom('SFO', 'SFO', 'SFO', 'JFK', 'ÅL', null),
      fc.constantFrom(7, 7, -1, null),
    )
    .map(([row, origin, gate]): Row => ({ ...row, origin, gate })),
  both: fc.boolean(),
  lateMs: fc.constantFrom(0, 0, 1, 999, minute, 6 * minute, 3 * hour, 30 * hour, -hour),
  twinLagMs: fc.option(lags, { freq: 5 }),
  again: fc.option(fc.record({ afterMs: fc.constantFrom(0, 1, minute, 20 * hour), lagMs: lags }), { freq: 4 }),
})

/** A question at an instant at which something may change: a fact becomes known, leaves a window, gets too old. */
interface Ask {
  readonly fact: number
  readonly edge: 'known' | 'event' | Duration
  readonly nudgeMs: number
  readonly backMs: number
}

const ask: fc.Arbitrary<Ask> = fc.record({
  fact: fc.nat(59),
  edge: fc.oneof(fc.constantFrom('known', 'event'), fc.constantFrom(...windows, ...ages)),
  nudgeMs: fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -hour, max: hour })),
  backMs: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 0, 0, 1, minute, 4 * minute) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 * hour }) },
  ),
})

const anyTime = fc.oneof(
  randomInstant(3 * day).map((at) => at - day),
  happened,
)

const draw = fc.record({
  id: fc.boolean(),
  available: fc.constantFrom<Availability>('event', 'column', 'lag'),
  recipes: fc.array(randomRecipe, { minLength: 1, maxLength: 12, size: 'max' }),
  declaredFirst: fc.constantFrom(12, 12, 4, 1),
  cutoverMs: fc.oneof(
    randomInstant(2 * day).map((at) => at - day),
    fc.constant(base),
  ),
  facts: fc.array(fact, { minLength: 1, maxLength: 60, size: 'max' }),
  asks: fc.array(ask, { minLength: 1, maxLength: 16, size: 'max' }),
  /** The facts that are received as backfills. */
  backfills: fc.uniqueArray(fc.nat(59), { maxLength: 2 }),
  restarts: fc.array(anyTime, { maxLength: 3 }),
  declareRest: fc.option(anyTime, { freq: 2 }),
})

type Drawn = typeof draw extends fc.Arbitrary<infer T> ? T : never

/** A story of random facts, cut anywhere into history and live events. */
export const randomStory: fc.Arbitrary<Story> = draw.map((drawn) => {
  const story = storyOf(drawn)
  // A counterexample is told in lines.
  return Object.assign(story, { [fc.toStringMethod]: () => told(story, drawn.recipes) })
})

/** Keys that rows have, one that no row has, and nulls. */
const entities: readonly Row[] = [
  { origin: 'SFO', destination: 'SFO', gate: 7 },
  { origin: 'JFK', destination: 'ÅL', gate: 7 },
  { origin: 'XXX', destination: 'JFK', gate: 7 },
  { origin: 'SFO', destination: null, gate: null },
]

function storyOf({ id, available, recipes, declaredFirst, cutoverMs, ...drawn }: Drawn): Story {
  const source = randomSource({ id, available })
  const startMs = Math.min(cutoverMs, base - day) - 2 * hour
  const within = (at: Instant) => Math.min(Math.max(at, startMs), end)
  const { file, steps } = arrivals(source.spec, { cutoverMs, ...drawn }, within)
  for (const one of drawn.asks) {
    // Nothing is answered before history ends, so most questions are about an edge after it.
    const edges = drawn.facts.map((_, i) =>
      edgeOf(source.spec, drawn.facts[(one.fact + i) % drawn.facts.length]!.row, one),
    )
    const at = edges.find((edge) => edge >= cutoverMs) ?? edges[0]!
    steps.push({ at: Math.max(at, startMs), do: 'ask', backMs: one.backMs })
  }
  for (const at of drawn.restarts) steps.push({ at: within(at), do: 'restart' })
  if (drawn.declareRest !== null) steps.push({ at: within(drawn.declareRest), do: 'declare the rest' })
  steps.push({ at: end + 1, do: 'ask', backMs: 0 })
  return {
    source: source.spec,
    features: featuresOfRecipes(recipes, source),
    declaredFirst: Math.min(declaredFirst, recipes.length),
    file,
    startMs,
    cutoverMs,
    steps: inCalls(steps.sort((a, b) => a.at - b.at)),
    entities,
  }
}

/** What stands in the file, and what is received when. */
function arrivals(
  source: SourceSpec,
  { facts, backfills, cutoverMs }: Pick<Drawn, 'facts' | 'backfills' | 'cutoverMs'>,
  within: (at: Instant) => Instant,
): { readonly file: Row[]; readonly steps: Step[] } {
  const file: Row[] = []
  const steps: Step[] = []
  for (const [place, { row: drawn, both, lateMs, twinLagMs, again }] of facts.entries()) {
    const row: Row = { ...drawn, row_id: `row ${place}` }
    const event = Number(row.happened_at)
    // What says when a row was available is no part of what makes it the same.
    const sameRow = (lagMs: number): Row =>
      source.available.from === 'column' ? { ...row, known_at: event + lagMs } : row
    const known = knownOf(source, row)
    const past = known !== null && known < cutoverMs
    if (past || both) {
      file.push(row)
      if (twinLagMs !== null) file.push(sameRow(twinLagMs))
    }
    if (past && !both) continue
    const at = within((known ?? event) + lateMs)
    steps.push({ at, do: backfills.includes(place) ? 'backfill' : 'receive', rows: [row] })
    if (again !== null) steps.push({ at: within(at + again.afterMs), do: 'receive', rows: [sameRow(again.lagMs)] })
  }
  return { file, steps }
}

function knownOf(source: SourceSpec, row: Row): Instant | null {
  const available = declaredAvailable(source, row)
  return available === null ? null : Math.max(Number(row.happened_at), available)
}

function edgeOf(source: SourceSpec, row: Row, { edge, nudgeMs }: Ask): Instant {
  const event = Number(row.happened_at)
  if (edge === 'event') return event + nudgeMs
  if (edge === 'known') return (knownOf(source, row) ?? event) + nudgeMs
  const isWindow = windows.some((window) => window === edge)
  return (isWindow ? windowLeave(event, durationMs(edge)) : event + durationMs(edge)) + nudgeMs
}

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
  const time = (at: unknown) => new Date(Number(at)).toISOString()
  const plain = (column: string, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : column.endsWith('_at') ? time(value) : value
  const row = (one: Row) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(one).flatMap(([column, value]) => (value === null ? [] : [[column, plain(column, value)]])),
      ),
    )
  const detail = (step: Step) =>
    'rows' in step ? step.rows.map(row).join(', ') : step.do === 'ask' ? `as of ${step.backMs} ms before` : ''
  return [
    '',
    `a source ${source.id === null ? 'without' : 'with'} ids, available from ${JSON.stringify(source.available)}`,
    ...recipes.map((recipe, i) => `feature_${i}${i < declaredFirst ? '' : ' (later)'}: ${JSON.stringify(recipe)}`),
    `the clock starts at ${time(startMs)}, history ends at ${time(cutoverMs)}`,
    ...file.map((one) => `in the file: ${row(one)}`),
    ...steps.map((step) => `${time(step.at)} ${step.do} ${detail(step)}`),
    '',
  ].join('\n')
}
