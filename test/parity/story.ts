import { join } from 'node:path'
import { naiveFeature } from '../../src/aggregate/index.ts'
import { type ReplayClock, replayClock } from '../../src/clock.ts'
import type { FeatureViewSpec, ResolvedFeature, SourceSpec } from '../../src/define/index.ts'
import { digestJson } from '../../src/digest.ts'
import { compactLog, createWriter, materialize, type Writer } from '../../src/materialize/index.ts'
import type { OfflineEngine, TableFile, TableVersion } from '../../src/offline/index.ts'
import { exactForMs, type LookupAnswer, type OnlineStore, prepareLookup } from '../../src/online/index.ts'
import type { StreamLog } from '../../src/stream/index.ts'
import {
  columnOf,
  columnValue,
  type Instant,
  jsonRow,
  type Row,
  type Status,
  statuses,
  type Table,
  type Value,
} from '../../src/values/index.ts'
import { Ledger, toleranceOf } from './ledger.ts'

/**
 * What happens to one source: rows that stand in a file, a clock that moves, calls that bring rows in, a writer that is started
 * again, questions in between.
 */
export interface Story {
  readonly source: SourceSpec
  readonly features: readonly ResolvedFeature[]
  /** How many of the features are declared from the beginning. */
  readonly declaredFirst: number
  /** The rows of the history file. */
  readonly file: readonly Row[]
  readonly startMs: Instant
  /** Where history ends: the declared features are filled at this instant, before anything else happens at it. */
  readonly cutoverMs: Instant
  /** In any order; what happens at one instant happens in the order given. */
  readonly steps: readonly Step[]
  /** Whose features are asked for, by the names of the source's key columns. */
  readonly entities: readonly Row[]
}

/** What happens, and when by the clock. */
export type Step = { readonly at: Instant } & (
  | { readonly do: 'receive'; readonly rows: readonly Row[] }
  /** Rows whose declared available time is trusted. */
  | { readonly do: 'backfill'; readonly rows: readonly Row[] }
  /** Asks for every feature of every entity, as of so long before the clock. */
  | { readonly do: 'ask'; readonly backMs: number }
  /** The writer ends and begins again, on stores that were closed and opened. */
  | { readonly do: 'restart' }
  /** From now on all features are declared. */
  | { readonly do: 'declare the rest' }
  | { readonly do: 'fill' }
)

/** The stores that a writer works on. */
export interface StoryStores {
  open(clock: ReplayClock): Promise<OpenStores>
  /** Ends the process, as far as stores can tell, and begins another. */
  reopen(clock: ReplayClock): Promise<OpenStores>
  close(): Promise<void>
}

export interface OpenStores {
  readonly online: OnlineStore
  readonly log: StreamLog
}

/** What a feature was. */
export interface Answer {
  readonly value: Value | null
  readonly status: Status
}

/** One question, answered three times. */
export interface Verdict {
  readonly feature: ResolvedFeature
  readonly key: readonly (Value | null)[]
  readonly asOf: Instant
  /** As it was answered while the story went on. Null: too far back for the online state, which said so. */
  readonly online: Answer | null
  /** From the history file and the log, written out as files, alone. */
  readonly offline: Answer
  /** From the rows that count, by the letter of the contract. */
  readonly oracle: Answer
  /** By how much floating-point answers may differ. */
  readonly tolerance: number
}

/** Questions asked at one instant, and how they were answered online: entity by entity, feature by feature. */
interface Asked {
  readonly asOf: Instant
  readonly ready: ReadonlySet<string>
  readonly mayBeInexact: boolean
  readonly answers: readonly LookupAnswer[]
}

const project = 'parity'
let tables = 0

/** Plays a story to the real rooms and answers every question three times. */
export async function play(
  story: Story,
  stores: StoryStores,
  engine: OfflineEngine,
  folder: string,
): Promise<Verdict[]> {
  const { file, cutoverMs, entities } = story
  const source: SourceSpec = { ...story.source, history: `history-${tables++}.parquet` }
  const features = story.features.map((feature) => ({ ...feature, source }))
  await engine.writeTable(tableOf(source, file), join(folder, source.history ?? ''))
  const version = await engine.listHistory(source, { rootDir: folder, cutoverMs })

  const clock = replayClock(story.startMs)
  const ledger = new Ledger(source, file, cutoverMs)
  let declared = features.slice(0, story.declaredFirst)
  let ready: ReadonlySet<string> = new Set()
  let asked: Asked[] = []
  const verdicts: Verdict[] = []
  let { online, log } = await stores.open(clock)
  const open = (): Promise<Writer> =>
    createWriter({ project, manifest: manifestOf(source, declared), online, log, clock, onError: fail })
  let writer = await open()

  const ask = async (backMs: number): Promise<void> => {
    const prepared = prepareLookup(
      project,
      features.map((feature) => ({ ...feature, role: feature.view.name })),
    )
    const asOf = clock.now() - backMs
    const frontiers = { ...writer.frontiers.all }
    check(frontiers[source.name] === clock.now(), 'the frontier stands at the clock once the writer advanced')
    const answers = await prepared.lookupMany(
      online,
      entities.map((entity) => ({
        keys: Object.fromEntries(features.map((feature) => [feature.view.name, keyOf(feature, entity)])),
        at: asOf,
        frontiers,
      })),
    )
    for (const answer of answers) check(answer.asOf[source.name] === asOf, 'an answer is as of the instant asked for')
    const mayBeInexact = asOf < cutoverMs || asOf < clock.now() - exactForMs
    asked.push({ asOf, ready, mayBeInexact, answers })
  }

  /** Asks engine and oracle what was asked online since the last time, by the rows that are there by now. */
  const judge = async (): Promise<void> => {
    const spine = asked.flatMap(({ asOf }) => entities.map((entity) => ({ asOf, entity })))
    const columns = await engine.features({
      features: features.map((feature) => ({
        ...feature,
        asOf: Float64Array.from(spine, ({ asOf }) => asOf),
        key: feature.view.key.map(({ type }, part) =>
          columnOf(
            type,
            spine.map(({ entity }) => keyOf(feature, entity)[part]!),
          ),
        ),
      })),
      versions: { [source.name]: await withLog(version, source, log, engine, folder) },
      rows: spine.length,
      onOverflow: 'status',
    })
    for (const [place, { asOf, ready, mayBeInexact, answers }] of asked.entries()) {
      for (const [e, entity] of entities.entries()) {
        for (const [f, feature] of features.entries()) {
          const key = keyOf(feature, entity)
          const served = { value: answers[e]!.values[f]!, status: statuses[answers[e]!.statuses[f]!]! }
          if (!ready.has(feature.feature.digest)) {
            check(served.status === (key.includes(null) ? 'not_found' : 'unavailable'), 'nothing is answered unfilled')
            continue
          }
          if (served.status === 'inexact') check(mayBeInexact, 'answers of the last five minutes are exact')
          const row = place * entities.length + e
          verdicts.push({
            feature,
            key,
            asOf,
            online: served.status === 'inexact' ? null : served,
            offline: { value: columnValue(columns[f]!.values, row), status: statuses[columns[f]!.statuses[row]!]! },
            oracle: naiveFeature(ledger.rows, feature, key, asOf),
            tolerance: toleranceOf(ledger.rows, feature, key, asOf),
          })
        }
      }
    }
    asked = []
  }

  const receive = async (rows: readonly Row[], backfill: boolean): Promise<void> => {
    const counted = rows.filter((row) => ledger.receive(row, backfill ? null : clock.now())).length
    const result = await writer.ingest(
      source.name,
      rows.map((row) => jsonRow(source.columns, row)),
      { backfill },
    )
    check(result.accepted + result.duplicates === rows.length, 'every row of a call is accepted or a repeat')
    if (ready.size > 0) check(result.accepted === counted, 'a row that does not count is answered as a repeat')
    await writer.advance()
  }

  const happen = async (step: Step): Promise<void> => {
    if (step.do === 'receive') return receive(step.rows, false)
    if (step.do === 'ask') return ask(step.backMs)
    if (step.do === 'backfill') {
      // A backfilled row counts in answers given after it; in those before it nobody could know of it.
      await judge()
      return receive(step.rows, true)
    }
    if (step.do === 'restart') {
      await writer.close()
      ;({ online, log } = await stores.reopen(clock))
      writer = await open()
      return
    }
    if (step.do === 'declare the rest') {
      declared = features
      await writer.use(manifestOf(source, declared))
      if (ready.size === 0) return
    }
    const { features: filled } = await materialize({
      writer,
      source: source.name,
      history: { offline: engine, version },
    })
    check(writer.unfilled(source.name).length === 0, 'nothing that is declared stays unfilled')
    ready = new Set([...ready, ...filled])
    await writer.advance()
  }

  try {
    const script: readonly Step[] = [{ at: cutoverMs, do: 'fill' }, ...story.steps]
    for (const step of [...script].sort((a, b) => a.at - b.at)) {
      clock.advance(step.at)
      await writer.advance()
      await happen(step)
    }
    await judge()
  } finally {
    await writer.close()
    await stores.close()
  }
  return verdicts
}

/** The key of an entity for a feature's view: the entity names columns of the source. */
function keyOf({ view }: ResolvedFeature, entity: Row): (Value | null)[] {
  return view.key.map(({ source }) => entity[source] ?? null)
}

function manifestOf(source: SourceSpec, features: readonly ResolvedFeature[]) {
  const featureViews: Record<string, FeatureViewSpec> = {}
  for (const { view, feature } of features) {
    const before = featureViews[view.name]?.features ?? []
    featureViews[view.name] = { ...view, features: [...before, feature] }
  }
  return { sources: { [source.name]: source }, featureViews }
}

function tableOf({ columns }: SourceSpec, rows: readonly Row[]): Table {
  const named = Object.entries(columns).map(([name, { type }]) => {
    const values = rows.map((row) => row[name] ?? null)
    return [name, columnOf(type, values)] as const
  })
  return { rows: rows.length, columns: Object.fromEntries(named) }
}

/** The table with all rows of the log, in files of a few rows each. */
async function withLog(
  history: TableVersion,
  source: SourceSpec,
  log: StreamLog,
  engine: OfflineEngine,
  folder: string,
): Promise<TableVersion> {
  const made: TableFile[] = []
  let logPosition: string | null = null
  for (;;) {
    const path = join(folder, `log-${tables++}.parquet`)
    const compacted = await compactLog({ project, source, log, offline: engine, after: logPosition, path, limit: 17 })
    if (compacted === null) {
      const files = [...history.files, ...made]
      return { ...history, files, logPosition, digest: digestJson([files.map(({ sha256 }) => sha256), logPosition]) }
    }
    made.push(compacted.file)
    logPosition = compacted.logPosition
  }
}

function check(holds: boolean, law: string): void {
  if (!holds) throw new Error(`It does not hold that ${law}.`)
}

function fail(error: unknown): never {
  throw error
}
