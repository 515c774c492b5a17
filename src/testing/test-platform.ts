import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Registry as MetricsRegistry } from 'prom-client'
import type { ReplayClock } from '../clock.ts'
import type { Manifest } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { ApplyJson, OutcomeFound } from '../http/work.ts'
import type { IngestResult } from '../materialize/index.ts'
import type { MonitorReport } from '../monitor/index.ts'
import { type BuiltManifest, makePlan } from '../plan/index.ts'
import { openAnswering } from '../platform/answering.ts'
import { type ExploredValue, featureValues } from '../platform/exploring.ts'
import { fillDeclared, writerHere } from '../platform/filling.ts'
import { applyMade } from '../platform/operations-plan.ts'
import { startTraining } from '../platform/operations-runs.ts'
import { outcomeAsk } from '../platform/outcome-finder.ts'
import { openOutcomeLookup } from '../platform/outcome-lookup.ts'
import type { OpenStores } from '../platform/stores.ts'
import { watch } from '../platform/watching.ts'
import { openWriter } from '../platform/writing.ts'
import { openPlatform } from '../platform.ts'
import { type RunJson, runJson } from '../registry/index.ts'
import type { FeatureAnswer, MomentAnswer } from '../serve/index.ts'
import { type Instant, parseInstant } from '../values/index.ts'
import { type DefinitionExports, manifestOfValues } from './definition-values.ts'
import { type HistoryRows, type SourceRow, writeHistory } from './history-rows.ts'
import { memoryStores } from './memory-stores.ts'
import { type DeploymentPins, pinned } from './pins.ts'

/** An instant as a test writes it: ISO 8601 with an offset, or UTC milliseconds. */
export type TestInstant = Instant | string

/** What a test platform is made of: a project's folder, or definitions as values. */
export type TestPlatformOptions = TestClockAndHistory &
  (
    | { /** The folder of `noonmark.config.ts`. Nothing is written there. */ readonly rootDir: string }
    | {
        /**
         * Definitions as modules export them, one module or several. Their derives and baselines must use nothing of the file
         * around them; give `rootDir` where they do.
         */
        readonly definitions: DefinitionExports | readonly DefinitionExports[]
      }
  )

interface TestClockAndHistory {
  /** Where the replay clock stands at first. It moves by `advance` only. */
  readonly clock: TestInstant
  /**
   * The history of sources, instead of their files. As with files, rows count that are known before the first `apply`, where
   * history ends and live events begin. Sources that are left out read the files of the project; without a folder they have none.
   */
  readonly history?: HistoryRows
  /** Told of what a server would log. */
  readonly onLog?: (line: string) => void
  /** Stores of your own, such as one that a test can spoil; in memory where left out. */
  readonly openStores?: OpenStores
}

/** A platform in one process. Every method does what the command or route of that name does. */
export interface TestPlatform {
  readonly clock: Pick<ReplayClock, 'now'>
  /** The contract in force. */
  manifest(): Manifest
  /** Applies the project as it is now, and fills its features from history and from events so far. */
  apply(): Promise<ApplyJson>
  /**
   * Takes events. They are received now, and what is received now is known from the next millisecond on: advance the clock before
   * you look. Without an `id`, an event that was known before the first `apply` is taken for a row of history and counts as a
   * duplicate.
   * @throws row_invalid naming `events[i].column`, event_conflict, event_too_old; not_found
   */
  ingest(
    source: string,
    rows: readonly SourceRow[],
    options?: { readonly backfill?: boolean },
  ): Promise<Pick<IngestResult, 'accepted' | 'duplicates' | 'position'>>
  /** Moves the clock, and everything that waits for it. @throws clock_backwards */
  advance(to: TestInstant): Promise<void>
  /**
   * Features (`view:feature`) of entities out of the online state, one answer an entity; now, or at an instant of the last five
   * minutes.
   * @throws not_found, row_invalid, instant_ahead
   */
  lookup(
    features: readonly string[],
    entities: readonly Readonly<Record<string, unknown>>[],
    at?: TestInstant,
  ): Promise<readonly FeatureAnswer[]>
  /** Features of one entity (`view:feature`, or a whole view) at any instants, out of the tables. */
  explore(
    feature: string,
    entity: Readonly<Record<string, boolean | number | string>>,
    instants: readonly TestInstant[],
  ): Promise<readonly Readonly<Record<string, ExploredValue>>[]>
  /** Trains a model, in a process of its own, and waits for the end of the run, however it ended. */
  train(model: string, options?: TestTraining): Promise<RunJson>
  /**
   * Applies the project with these pins in place of those of deployments.ts, until they are named again.
   * @throws version_unknown; version_unfit for a version whose checks did not pass; not_found for an unknown deployment
   */
  deploy(pins: DeploymentPins): Promise<ApplyJson>
  /** Asks for predictions: a row of the moment, or the whole body of a request. @throws row_invalid */
  predict(moment: string, body: unknown): Promise<MomentAnswer>
  /** What came true after a prediction, so far. @throws not_found for one that is not in the log */
  outcome(predictionId: string): Promise<OutcomeFound | null>
  /** Performance, parity and health of features, measured on what was predicted so far. @throws not_found before the first prediction */
  monitors(): Promise<MonitorReport>
  /** Ends everything and leaves nothing behind. */
  close(): Promise<void>
}

/** How a model is trained in a test, over what its definition says. */
export interface TestTraining {
  readonly parameters?: Readonly<Record<string, number | string | boolean>>
  readonly trainer?: string
  readonly seed?: number
  readonly from?: TestInstant
  readonly to?: TestInstant
}

/**
 * A whole platform in one process, for tests of a project: the rooms of a server on stores in memory, the real offline engine in a
 * folder of its own, and a clock that stands until it is moved.
 *
 * ```ts
 * const platform = await createTestPlatform({
 *   rootDir: new URL('..', import.meta.url).pathname,
 *   clock: '2026-01-02T00:00:00Z',
 *   history: { landings: [{ flight_id: 'a', airport: 'SFO', arrival_delay: 20, landed_at: '2026-01-01T12:00:00Z' }] },
 * })
 * await platform.apply()
 * await platform.ingest('landings', [
 *   { flight_id: 'b', airport: 'SFO', arrival_delay: 40, landed_at: '2026-01-02T00:00:00Z' },
 * ])
 * await platform.advance('2026-01-02T00:20:00Z') // landings are known a quarter of an hour later
 * const [sfo] = await platform.lookup(['airport_punctuality:landings_1d'], [{ airport: 'SFO' }])
 * expect(sfo.features['airport_punctuality:landings_1d']).toEqual({ value: 2, status: 'present' })
 * await platform.close()
 * ```
 */
export async function createTestPlatform(options: TestPlatformOptions): Promise<TestPlatform> {
  const stateDir = await mkdtemp(join(tmpdir(), 'noonmark-testing-'))
  const removeState = () => rm(stateDir, { recursive: true, force: true, maxRetries: 5 })
  try {
    return await open(options, stateDir, removeState)
  } catch (error) {
    await removeState()
    throw error
  }
}

async function open(
  options: TestPlatformOptions,
  stateDir: string,
  removeState: () => Promise<void>,
): Promise<TestPlatform> {
  const { onLog = () => undefined, history = {} } = options
  const clockMs = instantOf(options.clock, 'clock')
  const values = 'definitions' in options ? [options.definitions].flat() : null
  const platform = await openPlatform({
    rootDir: 'rootDir' in options ? resolve(options.rootDir) : stateDir,
    ...(values === null ? {} : { project: 'test' }),
    stateDir,
    clockMs,
    openStores: options.openStores ?? memoryStores,
  })
  const clock = platform.clock as ReplayClock // opened with an instant

  let failure: { readonly error: unknown } | null = null
  const writing = await openWriter(platform, (error) => {
    failure ??= { error }
  })
  const { writer } = writing
  const answering = await openAnswering(platform, {
    online: await platform.stores.openOnlineReader(),
    frontiers: writer.frontiers,
    positions: writer,
    metrics: new MetricsRegistry(),
    log: onLog,
  })

  const frontiers = async () => ({ ...writer.frontiers.all })
  const outcomes = openOutcomeLookup(platform, { frontiers, leastPauseMs: 0 })

  /** Waits until what was received is applied. */
  const settle = async (): Promise<void> => {
    await writer.advance()
    if (failure === null) return
    const { error } = failure
    failure = null
    throw error
  }

  const build = async (): Promise<BuiltManifest> => {
    const { manifest, functions } =
      values === null ? await platform.build() : await manifestOfValues(platform.project, values)
    const rows = values === null ? history : { ...withoutRows(manifest), ...history }
    const folder = join(stateDir, 'history')
    return { manifest: await writeHistory(manifest, rows, platform.engine(), folder), functions }
  }

  let pins: DeploymentPins = {}
  const apply = async (next: DeploymentPins): Promise<ApplyJson> => {
    const { manifest, functions } = await build()
    const built = { manifest: await pinned(manifest, next, platform.registry), functions }
    const result = await applyMade(platform, await makePlan(platform, built, await platform.facts()), 'test')
    pins = next
    await writing.refresh()
    await fillDeclared(platform, writerHere(writer), {
      onProgress: (label, done, total) => {
        if (done === total) onLog(label)
      },
    })
    await settle()
    await answering.refresh()
    return result
  }

  return {
    clock,
    manifest: answering.manifest,
    apply: () => apply(pins),
    async ingest(source, rows, ingestOptions = {}) {
      const { accepted, duplicates, position } = await writer.ingest(source, rows, ingestOptions)
      await settle()
      return { accepted, duplicates, position }
    },
    async advance(to) {
      clock.advance(instantOf(to, 'to'))
      await settle()
    },
    async lookup(features, entities, at) {
      const instant = at === undefined ? null : instantOf(at, 'at')
      return (await answering.features.lookup({ features, entities, at: instant })).rows
    },
    explore(feature, entity, instants) {
      const texts = Object.fromEntries(Object.entries(entity).map(([column, value]) => [column, String(value)]))
      const at = instants.map((instant, index) => instantOf(instant, `instants[${index}]`))
      return featureValues(platform, feature, texts, at)
    },
    async train(model, { from, to, ...training } = {}) {
      const request = {
        model,
        ...training,
        ...(from === undefined ? {} : { fromMs: instantOf(from, 'from') }),
        ...(to === undefined ? {} : { toMs: instantOf(to, 'to') }),
      }
      const run = await startTraining(platform, request, { owner: 'command', onLog }).ended
      await answering.refresh()
      return runJson(run)
    },
    deploy: (more) => apply({ ...pins, ...more }),
    predict: (moment, body) => answering.predict(moment, body),
    async outcome(predictionId) {
      const record = await answering.predictions.get(predictionId)
      if (record === null) throw noonmarkError('not_found', { message: `The log has no prediction '${predictionId}'.` })
      return (await outcomes.find([outcomeAsk(record)]))[0]!
    },
    monitors: async () => (await watch(platform, { frontiers })).report,
    async close() {
      await answering.close()
      await writing.close()
      await platform.close()
      await removeState()
    },
  }
}

/** Sources without a folder to read from have no history but what is given. */
function withoutRows({ sources }: Manifest): HistoryRows {
  const named = Object.values(sources).filter(({ history }) => history !== null)
  return Object.fromEntries(named.map(({ name }) => [name, []]))
}

function instantOf(instant: TestInstant, path: string): Instant {
  if (typeof instant === 'string') return parseInstant(instant, { path })
  if (Number.isSafeInteger(instant)) return instant
  throw noonmarkError('instant_invalid', { message: `${path} must be UTC milliseconds, not ${instant}.`, path })
}
