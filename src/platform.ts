/**
 * The composition root: reads top to bottom, and knows the drivers, beside the files in its folder only. It opens the stores of a
 * project's folder and hands them to the rooms.
 */
import { join } from 'node:path'
import type { BlobStore } from './blob/index.ts'
import { type Clock, replayClock, systemClock } from './clock.ts'
import type { Digest } from './digest.ts'
import { noonmarkError } from './errors.ts'
import type { MetadataStore } from './metadata/index.ts'
import { duckdbEngine } from './offline/drivers/duckdb.ts'
import type { OfflineEngine } from './offline/index.ts'
import {
  type AppliedManifest,
  type BuiltManifest,
  buildManifest,
  currentManifest,
  functionSource,
  type LoadedProject,
  loadProject,
  modelUses,
  type RegistryFacts,
  readLock,
} from './plan/index.ts'
import { type Layout, layoutOf } from './platform/layout.ts'
import { openProjectCode } from './platform/project-code.ts'
import { folderStores, type OpenStores, type Stores } from './platform/stores.ts'
import { openTables, type Tables } from './platform/tables.ts'
import { createRegistry, type Registry, versionName } from './registry/index.ts'
import type { LogReader } from './stream/index.ts'
import type { Instant } from './values/index.ts'

/** How a platform is opened. */
export interface PlatformOptions {
  readonly rootDir: string
  /** Stand on a replay clock at this instant. */
  readonly clockMs?: Instant
  /** The project's name where it is known; else `noonmark.config.ts` is loaded for it. */
  readonly project?: string
  /** Where state and lock are kept instead of the project's folder. */
  readonly stateDir?: string
  /** Other stores than the embedded ones. */
  readonly openStores?: OpenStores
}

/** A project's stores and rooms, open in this process. */
export interface Platform {
  readonly rootDir: string
  readonly layout: Layout
  readonly project: string
  readonly clock: Clock
  readonly stores: Stores
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly registry: Registry
  /** DuckDB; started when first asked for. */
  readonly engine: () => OfflineEngine
  readonly tables: () => Tables
  /** Reads received rows beside the process that writes them. */
  readonly logReader: () => LogReader
  /** Worker threads that run the project's functions; started when first asked for. */
  readonly code: () => ReturnType<typeof openProjectCode>
  /** The folder's definitions, loaded afresh. */
  readonly load: () => Promise<LoadedProject>
  readonly build: () => Promise<BuiltManifest>
  /** What is applied. @throws project_not_applied */
  readonly applied: () => Promise<AppliedManifest>
  /** What a plan must know of registry and lock. */
  readonly facts: () => Promise<RegistryFacts>
  readonly close: () => Promise<void>
}

/** Opens the platform of a folder. Nothing is started that is not asked for. */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { rootDir, clockMs, project: named, stateDir, openStores = folderStores } = options
  const layout = layoutOf(rootDir, stateDir)
  const clock = clockMs === undefined ? systemClock() : replayClock(clockMs)
  const first = named === undefined ? await loadProject(rootDir) : null
  const project = named ?? first!.config.project // loaded where it was not named
  const stores = await openStores(layout, clock)
  const { metadata, blobs } = stores
  const registry = createRegistry(metadata, project)
  const closing: (() => Promise<void>)[] = [() => metadata.close(), () => blobs.close()]

  /** Made when first asked for, closed with the platform. */
  const lazily = <T>(make: () => T, close?: (made: T) => Promise<void>): (() => T) => {
    let made: { readonly value: T } | undefined
    return () => {
      if (made === undefined) {
        const value = make()
        made = { value }
        if (close !== undefined) closing.unshift(() => close(value))
      }
      return made.value
    }
  }

  const engine = lazily(
    () =>
      duckdbEngine({
        rootDir,
        memoryLimitMb: first?.config.engine?.memoryLimitMb ?? 1536,
        threads: first?.config.engine?.threads ?? 2,
        tempDirectory: join(layout.temporary, 'duckdb'),
      }),
    (open) => open.close(),
  )
  const logReader = lazily(
    () => stores.openLogReader(),
    (open) => open.close(),
  )
  const tables = lazily(() =>
    openTables({
      project,
      rootDir,
      folder: layout.offline,
      metadata,
      engine: engine(),
      log: logReader,
      now: () => clock.now(),
    }),
  )
  const sources = { source: (code: Digest) => functionSource(metadata, blobs, project, code) }
  const code = lazily(
    () => openProjectCode(sources, ({ group, key, text }) => console.error(`${key ?? group}: ${text}`)),
    (open) => open.pool.close(),
  )
  const load = async (): Promise<LoadedProject> => loadProject(rootDir)

  return {
    rootDir,
    layout,
    project,
    clock,
    stores,
    metadata,
    blobs,
    registry,
    engine,
    tables,
    logReader,
    code,
    load,
    build: async () => buildManifest(await load()),
    async applied() {
      const applied = await currentManifest(metadata, blobs, project)
      if (applied !== null) return applied
      throw noonmarkError('project_not_applied', {
        message: `The project ${project} was never applied here.`,
        path: rootDir,
      })
    },
    async facts() {
      const versions = await registry.versions()
      return {
        environment: 'development',
        versions: Object.fromEntries(
          versions.map((version) => [versionName(version), { digest: version.digest, ...modelUses(version.spec) }]),
        ),
        locked: (await readLock(layout.lock)).versions,
      }
    },
    async close() {
      for (const close of closing) await close()
    },
  }
}
