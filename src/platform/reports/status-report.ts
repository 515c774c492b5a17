import type { PlatformStatus } from '../../http/reports.ts'
import { runRecord } from '../../registry/index.ts'
import { formatInstant } from '../../values/index.ts'
import { runLeaseRecord } from '../operations-lease.ts'
import type { ReportSources } from './report-sources.ts'

/** How the platform stands, and what has changed since it was last asked. Cheap enough to be asked every other second. */
export async function statusReport(sources: ReportSources): Promise<PlatformStatus> {
  const { clock, metadata, project, traffic } = sources
  const { applied, holds, versions, troubles } = sources.state()
  const folder = await sources.folder()
  const roles = sources.roles()
  const last = async (kind: typeof runRecord | typeof runLeaseRecord): Promise<string> => {
    // Either kind; only where the record stands matters.
    const { records } = await metadata.list(kind as typeof runRecord, {
      project,
      order: { by: 'updatedAtMs', descending: true },
      limit: 1,
    })
    return records.map(({ id, revision, updatedAtMs }) => `${id} ${revision} ${updatedAtMs}`).join()
  }
  const error = folder?.state === 'invalid' ? folder.error : null
  const report = await sources.reportMark()
  return {
    project,
    clock: { now: formatInstant(clock.now()), replay: clock.replay },
    ready: roles.every(({ running }) => running),
    roles: roles.map(({ role, running }) => ({
      role,
      running,
      detail: running ? null : `The ${role} does not answer; it is started again by itself.`,
    })),
    definitions: {
      state: error !== null ? 'failed' : applied === null ? 'never_applied' : 'applied',
      error:
        error === null || folder === null
          ? null
          : {
              code: error.code,
              message: error.message,
              hint: error.hint,
              path: [error.definition, error.field].filter((part) => part !== null).join(' > ') || null,
              file: error.file,
              line: error.line,
              since: formatInstant(folder.lookedAtMs),
            },
    },
    changes: {
      definitions: [applied?.revision ?? 0, folder?.lookedAtMs ?? 0, JSON.stringify(holds), troubles.length].join(' '),
      runs: `${await last(runRecord)} ${await last(runLeaseRecord)}`,
      versions: `${versions.length} ${Math.max(0, ...versions.map(({ createdAtMs }) => createdAtMs))}`,
      predictions: `${traffic.counted()}`,
      report,
    },
  }
}
