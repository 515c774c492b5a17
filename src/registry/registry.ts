import { noonmarkError } from '../errors.ts'
import { defineRecord, type MetadataStore } from '../metadata/index.ts'
import type { Run, RunStatus } from './run.ts'
import { parseVersion, type Version, versionName } from './version.ts'

/** Runs in the metadata store, by their ULID. */
export const runRecord = defineRecord<Run>({ kind: 'run', version: 1, indexes: ['model', 'status', 'version'] })

/** Versions in the metadata store, by `model:number`. */
export const versionRecord = defineRecord<Version>({
  kind: 'version',
  version: 1,
  indexes: ['model', 'number', 'digest'],
})

/** The registry: every run and every version of a project. A version never changes once it stands. */
export interface Registry {
  saveRun(run: Run): Promise<void>
  /** @throws not_found with the nearest ids */
  run(id: string): Promise<Run>
  runs(query?: {
    readonly model?: string
    readonly status?: RunStatus
    readonly limit?: number
  }): Promise<readonly Run[]>
  /**
   * Gives a version its number, `max(lock, registry) + 1`, and keeps it. A version with the same digest that stands already is
   * returned as it is: training twice to the same result makes one version.
   */
  register(
    version: Omit<Version, 'number'>,
    lockedNumber: number,
  ): Promise<{ readonly version: Version; readonly existed: boolean }>
  /** @throws version_unknown naming those that exist */
  version(name: string): Promise<Version>
  /** The newest first. */
  versions(model?: string): Promise<readonly Version[]>
}

/** The registry of a project in a metadata store. */
export function createRegistry(metadata: MetadataStore, project: string): Registry {
  const versions = async (model?: string): Promise<readonly Version[]> => {
    const query = model === undefined ? {} : { where: { model } }
    const { records } = await metadata.list(versionRecord, {
      project,
      ...query,
      order: { by: 'number', descending: true },
    })
    return records.map(({ body }) => body)
  }
  return {
    saveRun: (run) => metadata.write([(transaction) => transaction.put(runRecord, { project, id: run.id, body: run })]),

    async run(id) {
      const exact = await metadata.get(runRecord, { project, id })
      if (exact !== null) return exact.body
      // People type the last characters, which is where ids differ.
      const { records } = await metadata.list(runRecord, {
        project,
        order: { by: 'createdAtMs', descending: true },
        limit: 1000,
      })
      const matching = records.filter((record) => record.id.endsWith(id.toUpperCase()))
      if (matching.length === 1) return matching[0]!.body
      throw noonmarkError('not_found', {
        message: matching.length === 0 ? `There is no run ${id}.` : `${matching.length} runs end in ${id}.`,
        hint:
          records.length === 0
            ? 'Train a model first.'
            : `The latest are ${records
                .slice(0, 3)
                .map((record) => record.id)
                .join(', ')}.`,
        path: 'run',
      })
    },

    async runs({ model, status, limit = 100 } = {}) {
      const where = { ...(model === undefined ? {} : { model }), ...(status === undefined ? {} : { status }) }
      const { records } = await metadata.list(runRecord, {
        project,
        where,
        order: { by: 'createdAtMs', descending: true },
        limit,
      })
      return records.map(({ body }) => body)
    },

    register: (version, lockedNumber) =>
      metadata.transaction(async (transaction) => {
        const { records } = await transaction.list(versionRecord, {
          project,
          where: { model: version.model, digest: version.digest },
        })
        const [standing] = records
        if (standing !== undefined) return { version: standing.body, existed: true }
        const number = await transaction.sequence({ project, name: `version ${version.model}`, above: lockedNumber })
        const body: Version = { ...version, number }
        await transaction.put(versionRecord, { project, id: versionName(body), body, expectedRevision: 0 })
        return { version: body, existed: false }
      }),

    async version(name) {
      const { model } = parseVersion(name)
      const found = await metadata.get(versionRecord, { project, id: name })
      if (found !== null) return found.body
      const known = (await versions(model)).map(versionName)
      throw noonmarkError('version_unknown', {
        message: `There is no version ${name}.`,
        hint: known.length === 0 ? `Train one: noonmark train ${model}.` : `The versions are ${known.join(', ')}.`,
        path: name,
      })
    },

    versions,
  }
}
