import type { Manifest } from '../define/index.ts'
import { isNoonmarkError, noonmarkError, pathInFile } from '../errors.ts'
import {
  type ApplyJson,
  holdJson,
  type PlanJson,
  type ReleaseJson,
  type RollbackJson,
  type RollbackRequest,
} from '../http/work.ts'
import { checkHistoryColumns } from '../offline/history-columns.ts'
import {
  type ApplyResult,
  applyPlan,
  makePlan,
  type Plan,
  parsePlan,
  planJson,
  planSummary,
  previousChampion,
  releaseHold,
  setHold,
} from '../plan/index.ts'
import type { Platform } from '../platform.ts'

/**
 * Looks whether the files of every source are there and have its columns, as a project's own folder has them.
 * @throws source_file_missing, source_column_missing with the file that declares the source
 */
async function checkHistories(rootDir: string, { sources, files }: Manifest): Promise<void> {
  try {
    await Promise.all(Object.values(sources).map((source) => checkHistoryColumns(source, rootDir)))
  } catch (error) {
    if (!isNoonmarkError(error) || error.path === undefined) throw error
    const { code, message, hint, path } = error
    throw noonmarkError(code, { message, hint, path: pathInFile(files, path), cause: error })
  }
}

/**
 * The difference between a project and what is applied. The project is that of a plan's text, whatever its plan was held
 * against, or the platform's own folder.
 * @throws plan_invalid for another project's plan
 */
export async function planFor(platform: Platform, text: string | null): Promise<Plan> {
  const built = text === null ? await platform.build() : ownPlan(platform, text)
  if (text === null) await checkHistories(platform.rootDir, built.manifest)
  return makePlan(platform, built, await platform.facts())
}

/** Carries a plan's text out, or the difference of the platform's own folder. */
export async function applyFor(platform: Platform, text: string | null, by: string): Promise<ApplyJson> {
  return applyMade(platform, text === null ? await planFor(platform, null) : ownPlan(platform, text), by)
}

/** Carries a plan out. @throws plan_stale and what `applyPlan` throws */
export async function applyMade(platform: Platform, plan: Plan, by: string): Promise<ApplyJson> {
  const { steps, ...result } = await applySteps(platform, plan, by)
  return { ...result, steps: planJson(steps) }
}

/** Carries a plan out, and says what was done as values. @throws plan_stale and what `applyPlan` throws */
export async function applySteps(platform: Platform, plan: Plan, by: string): Promise<ApplyResult> {
  const { metadata, blobs, clock } = platform
  return applyPlan({ metadata, blobs, clock, plan, facts: await platform.facts(), by })
}

/** A plan on the wire. */
export function plannedJson({ base, digest, steps }: Plan): PlanJson {
  return { base, digest, summary: planSummary(steps), steps }
}

function ownPlan({ project }: Platform, text: string): Plan {
  const plan = parsePlan(text)
  if (plan.project === project) return plan
  throw noonmarkError('plan_invalid', {
    message: `The plan is of the project ${plan.project}, and this platform has ${project}.`,
    hint: `Send it to the platform of ${plan.project}.`,
  })
}

/** Lets another version answer at once and holds it there: the champion before where none is named. */
export async function rollBack(
  platform: Platform,
  { deployment, to, reason, by }: RollbackRequest,
): Promise<RollbackJson> {
  const { metadata, blobs, project, registry } = platform
  if (to !== undefined) await registry.version(to)
  const version = to ?? (await previousChampion(metadata, blobs, project, deployment))
  return { deployment, hold: holdJson(await setHold(platform, { project, deployment, version, reason, by })) }
}

/** Ends a hold. */
export async function release({ metadata, project }: Platform, deployment: string): Promise<ReleaseJson> {
  return { deployment, released: await releaseHold(metadata, project, deployment) }
}
