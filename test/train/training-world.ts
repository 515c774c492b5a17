/**
 * A small project that can be trained: definitions through the manifest, applied to a real platform in a temporary folder with
 * its SQLite, its blobs, its DuckDB and its worker threads. Only the folder is temporary.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { digestBytes } from '../../src/digest.ts'
import { errorBody } from '../../src/errors.ts'
import { collectDefinitions } from '../../src/plan/definitions.ts'
import { applyPlan, makePlan, manifestOf } from '../../src/plan/index.ts'
import { trainingPorts } from '../../src/platform/training.ts'
import { openPlatform, type Platform } from '../../src/platform.ts'
import type { Run } from '../../src/registry/index.ts'
import type { TrainingListener, TrainingRequest } from '../../src/train/index.ts'
import { jobFiles, progressLine, runTrainer, type TrainingPorts, train } from '../../src/train/index.ts'
import { columnOf, type DtypeName, type Row, type Table } from '../../src/values/index.ts'

/** A file of a project: rows by column, and the type of each column. */
export interface TestTable {
  readonly types: Readonly<Record<string, DtypeName>>
  readonly rows: readonly Row[]
}

/** How a world is made. */
export interface TrainingWorldOptions {
  /** What the files of the project export. */
  readonly definitions: Readonly<Record<string, unknown>>
  /** Parquet files by path in the project. */
  readonly tables: Readonly<Record<string, TestTable>>
  /** What the replay clock shows. */
  readonly nowMs: number
}

/** The world, open. */
export interface TrainingWorld {
  readonly rootDir: string
  readonly platform: Platform
  /** The ports of this platform as it is applied now; trainers run in this process, and each job is counted. */
  ports(): Promise<TrainingPorts>
  /** The job folders that trainers were given. */
  readonly jobs: readonly string[]
  train(request: TrainingRequest, listener?: TrainingListener, change?: Partial<TrainingPorts>): Promise<Run>
  apply(definitions: TrainingWorldOptions['definitions']): Promise<void>
  close(): Promise<void>
}

/** Opens a world and applies its definitions. */
export async function openTrainingWorld({ definitions, tables, nowMs }: TrainingWorldOptions): Promise<TrainingWorld> {
  const rootDir = await mkdtemp(join(tmpdir(), 'training-'))
  const platform = await openPlatform({ rootDir, project: 'world', clockMs: nowMs })
  for (const [path, table] of Object.entries(tables)) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true })
    await platform.engine().writeTable(columnTable(table), join(rootDir, path))
  }
  const apply: TrainingWorld['apply'] = async (exported) => {
    const functions = new Map<string, string>()
    const manifest = manifestOf({ project: 'world' }, collectDefinitions({ 'models/world.ts': exported }), (run) => {
      const source = `export default ${run.toString()}`
      const digest = digestBytes(source)
      functions.set(digest, source)
      return digest
    })
    const facts = await platform.facts()
    const built = { manifest, functions: Array.from(functions, ([digest, source]) => ({ digest, source })) }
    const plan = await makePlan(platform, built, facts)
    await applyPlan({ ...platform, plan, facts, by: 'test' })
  }
  await apply(definitions)

  const jobs: string[] = []
  const runJob: TrainingPorts['runJob'] = async (folder, { onLine, signal }) => {
    jobs.push(folder)
    try {
      await runTrainer(folder, platform.engine(), { onProgress: (progress) => onLine(progressLine(progress)), signal })
      return 0
    } catch (error) {
      await writeFile(join(folder, jobFiles.error), JSON.stringify(errorBody(error).error))
      return 1
    }
  }
  const ports = async (): Promise<TrainingPorts> => ({ ...(await trainingPorts(platform)), runJob })
  return {
    rootDir,
    platform,
    ports,
    jobs,
    train: async (request, listener = {}, change = {}) => train({ ...(await ports()), ...change }, request, listener),
    apply,
    async close() {
      await platform.close()
      await rm(rootDir, { recursive: true, force: true })
    },
  }
}

/** Rows as a table of columns. */
export function columnTable({ types, rows }: TestTable): Table {
  const columns = Object.entries(types).map(([name, type]) => [
    name,
    columnOf(
      type,
      rows.map((row) => row[name] ?? null),
    ),
  ])
  return { rows: rows.length, columns: Object.fromEntries(columns) }
}
