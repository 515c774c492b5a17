import { decodeModelArtifact } from '../artifact/index.ts'
import type { Manifest, SourceSpec } from '../define/index.ts'
import { errorBody, isNoonmarkError, noonmarkError, pathInFile } from '../errors.ts'
import type { SourceTable } from '../offline/index.ts'
import { formatPlace, placeOfError } from '../plan/index.ts'
import type { Platform } from '../platform.ts'
import { versionName } from '../registry/index.ts'
import { exampleResults } from '../train/index.ts'
import { compileExpression, expressionColumns, formatInstant, tableRow } from '../values/index.ts'
import { checkTypes } from './type-check.ts'

/** One thing that was tested of a project. */
export interface ProjectTest {
  readonly test: 'definitions' | 'types' | 'data' | 'expectation' | 'freshness' | 'example'
  /** What it is about: `source landings`, `flight-delay:2`. */
  readonly subject: string
  /** `skipped`: there is nothing to test yet. */
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly detail: string
  /** Where and how to mend a failure. */
  readonly at: string | null
  readonly mend: string | null
}

type Found = Pick<ProjectTest, 'detail'> & Partial<ProjectTest>

/**
 * Runs a project's own tests: its definitions load and compile, every value of its data fits, expectations hold, rows are fresh,
 * and the latest version of each model behaves as its examples say. `open` opens the platform of the folder.
 */
export async function testProject(
  rootDir: string,
  open: () => Promise<Platform>,
  onProgress: (label: string, done: number, total: number) => void,
): Promise<readonly ProjectTest[]> {
  const tests: ProjectTest[] = []
  let files: Manifest['files'] = {}
  const look = async (test: ProjectTest['test'], subject: string, work: () => Promise<Found>): Promise<boolean> => {
    let found: Found
    try {
      found = await work()
    } catch (error) {
      found = await failure(error, rootDir, files)
    }
    tests.push({ test, subject, outcome: 'passed', at: null, mend: null, ...found })
    return tests.at(-1)?.outcome !== 'failed'
  }

  let platform: Platform | undefined
  let manifest: Manifest | undefined
  await look('definitions', 'project', async () => {
    platform = await open()
    manifest = (await platform.build()).manifest
    files = manifest.files
    const { sources, featureViews, moments, models } = manifest
    const count = (what: object, noun: string): string => {
      const { length } = Object.keys(what)
      return `${length} ${noun}${length === 1 ? '' : 's'}`
    }
    return {
      subject: `project ${manifest.project}`,
      detail: [
        count(sources, 'source'),
        count(featureViews, 'feature view'),
        count(moments, 'moment'),
        count(models, 'model'),
      ].join(', '),
    }
  })
  onProgress('check types', 0, 0)
  await look('types', 'TypeScript', () => checkTypes(rootDir))
  if (platform === undefined || manifest === undefined) return tests
  for (const source of Object.values(manifest.sources)) {
    onProgress(`read ${source.name}`, 0, 0)
    await testSource(platform, manifest, source, look)
  }
  for (const model of Object.values(manifest.models)) await testExamples(platform, model, look)
  return tests
}

type Look = (test: ProjectTest['test'], subject: string, work: () => Promise<Found>) => Promise<boolean>

async function testSource(platform: Platform, manifest: Manifest, source: SourceSpec, look: Look): Promise<void> {
  const subject = `source ${source.name}`
  const { expect = {}, freshnessMs } = source
  let table: SourceTable | undefined
  const read = await look('data', subject, async () => {
    const { rootDir } = platform
    if (source.history !== null) await platform.engine().listHistory(source, { rootDir, cutoverMs: null })
    const versions = await platform.tables().pin(manifest, [source.name])
    const columns = [...new Set(Object.values(expect).flatMap(expressionColumns))]
    table = await platform.engine().readSource(source, versions[source.name]!, { columns })
    return { detail: `${table.rows} rows, and every value fits its declaration` }
  })
  if (!read || table === undefined) return
  const rows = table
  for (const [name, node] of Object.entries(expect)) {
    await look('expectation', `${subject} > ${name}`, async () => {
      const holds = compileExpression(node)
      let broken = 0
      let first = -1
      for (let row = 0; row < rows.rows; row++) {
        if (holds(tableRow(rows, row)) !== false) continue
        if (broken === 0) first = row
        broken++
      }
      if (broken === 0) return { detail: `true of ${rows.rows} rows` }
      const shown = tableRow(
        {
          rows: rows.rows,
          columns: Object.fromEntries(expressionColumns(node).map((column) => [column, rows.columns[column]!])),
        },
        first,
      )
      throw noonmarkError('source_value_invalid', {
        message: `${broken} of ${rows.rows} rows break it; one happened at ${formatInstant(rows.event[first]!)}: ${JSON.stringify(shown)}`,
        hint: 'Mend or leave out such rows, or change what is expected.',
        path: `${subject} > expect.${name}`,
      })
    })
  }
  if (freshnessMs === undefined) return
  await look('freshness', subject, async () => {
    let newest = Number.NEGATIVE_INFINITY
    for (const event of rows.event) if (event > newest) newest = event
    const ageMs = platform.clock.now() - newest
    const text =
      rows.rows === 0 ? 'it has no row' : `the newest row is of ${formatInstant(newest)}, ${ageText(ageMs)} ago`
    if (ageMs <= freshnessMs) return { detail: text }
    throw noonmarkError('source_stale', {
      message: `${text}, and ${ageText(freshnessMs)} are allowed`,
      path: `${subject} > freshness`,
    })
  })
}

async function testExamples(platform: Platform, model: Manifest['models'][string], look: Look): Promise<void> {
  const examples = model.checks.filter(({ check }) => check === 'example')
  if (examples.length === 0) return
  const versions = (await platform.registry.versions()).filter((version) => version.model === model.name)
  const latest = versions.sort((a, b) => b.number - a.number)[0]
  if (latest === undefined) {
    await look('example', `model ${model.name}`, async () => ({
      outcome: 'skipped',
      detail: `${examples.length} examples wait for its first version`,
      mend: `noonmark train ${model.name}`,
    }))
    return
  }
  const name = versionName(latest)
  await look('example', name, async () => {
    const results = exampleResults(model, decodeModelArtifact(await platform.blobs.get(latest.artifact)))
    const failed = results.filter(({ passed }) => !passed)
    if (failed.length === 0) return { detail: `behaves as ${results.length} examples say` }
    throw noonmarkError('version_unfit', {
      message: failed.map((result) => `${result.name}: ${result.summary}`).join(' '),
      hint: 'Train another version, or change the example.',
      path: `model ${model.name} > checks`,
    })
  })
}

async function failure(error: unknown, rootDir: string, files: Manifest['files']): Promise<Found> {
  const { message, hint, path } = errorBody(error).error
  const at = path === undefined ? '' : formatPlace(await placeOfError({ path: pathInFile(files, path) }, rootDir))
  const detail = isNoonmarkError(error) || !(error instanceof Error) ? message : (error.stack ?? message)
  return { outcome: 'failed', detail, at: at === '' ? null : at, mend: hint }
}

function ageText(ms: number): string {
  const hours = ms / 3_600_000
  if (hours < 1) return `${Math.max(0, Math.round(hours * 60))} minutes`
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`
}
