import { userInfo } from 'node:os'
import { errorBody, isNoonmarkError, noonmarkError } from '../errors.ts'
import { formatPlace, placeOfError, summaryLine } from '../plan/index.ts'
import type { Platform } from '../platform.ts'
import { watchFolder } from './folder-changes.ts'
import { type FolderError, type FolderStatus, readFolderStatus, writeFolderStatus } from './folder-status.ts'
import { layoutOf } from './layout.ts'
import { applySteps, planFor } from './operations-plan.ts'

/** What following a folder needs. */
export interface FollowOptions {
  readonly rootDir: string
  readonly say: (line: string) => void
  /** Opens the platform of the folder, by the project's name where its definitions cannot be loaded now. */
  readonly open: (project?: string) => Promise<Platform>
  readonly signal: AbortSignal
}

/** A project's folder whose changes are applied as they are saved. */
export interface FollowedFolder {
  readonly platform: Platform
  /** Applies each later change; `onApplied` is called after each that changed something. */
  follow(onApplied: () => void): void
  /** Looks no more. The platform stays open. */
  close(): Promise<void>
}

/**
 * Opens a folder and applies it. Where it cannot be applied and nothing was applied before, waits until it is mended;
 * where something was, that goes on. Each mistake is said once, with its file, line and mend, and kept in the folder's status.
 * @throws project_missing, and what is no mistake of the folder. `null` where the signal came first.
 */
export async function followFolder(options: FollowOptions): Promise<FollowedFolder | null> {
  const { rootDir, say, signal } = options
  const layout = layoutOf(rootDir)
  const changes = watchFolder(rootDir)
  let written = Promise.resolve()
  let project = (await readFolderStatus(layout))?.project ?? null
  let revision: number | null = null

  const record = (state: FolderStatus['state'], tookMs: number, error: FolderError | null): void => {
    if (project === null) return
    const status: FolderStatus = { format: 1, project, state, revision, lookedAtMs: Date.now(), tookMs, error }
    written = written
      .then(() => writeFolderStatus(layout, status))
      .catch((cause: unknown) => say(`The folder's status was not written: ${errorBody(cause).error.message}`))
  }
  /** Says a mistake. @throws what is none of the folder's */
  const complain = async (error: unknown, startedMs: number, after: string): Promise<void> => {
    if (!isNoonmarkError(error)) throw error
    const place = await placeOfError(error, rootDir)
    const { code, message, hint } = error
    record('invalid', performance.now() - startedMs, { code, message, hint, ...place })
    const at = formatPlace(place)
    say(`error: ${message}${at === '' ? '' : `\n   at: ${at}`}\n mend: ${hint} (${code})\n${after}`)
  }
  const apply = async (platform: Platform, startedMs: number): Promise<boolean> => {
    const plan = await planFor(platform, null)
    if (plan.project !== platform.project)
      throw noonmarkError('definition_invalid', {
        message: `noonmark.config.ts names the project ${plan.project}, and ${platform.project} runs here.`,
        hint: `Start again for ${plan.project}, or name it ${platform.project} as before.`,
        path: 'noonmark.config.ts > project',
      })
    project = platform.project
    const result = plan.steps.length === 0 ? null : await applySteps(platform, plan, userInfo().username)
    const mended = (await readFolderStatus(layout))?.state === 'invalid'
    revision = result?.revision ?? plan.base?.revision ?? null
    const tookMs = performance.now() - startedMs
    record('applied', tookMs, null)
    if (result !== null)
      say(`${summaryLine(result.steps)} Applied as revision ${result.revision} in ${Math.round(tookMs)} ms.`)
    else if (mended) say('The folder is well again, and says what is applied.')
    return result?.changed === true
  }

  let platform: Platform | null = null
  for (;;) {
    const startedMs = performance.now()
    try {
      platform ??= await options.open()
      await apply(platform, startedMs)
      return followedFolder(platform)
    } catch (error) {
      if (isNoonmarkError(error) && error.code === 'project_missing') throw error
      if (platform === null && project !== null && isNoonmarkError(error)) platform = await options.open(project)
      revision = (await platform?.applied().catch(() => null))?.revision ?? null
      await complain(error, startedMs, revision === null ? 'Waiting for a change.' : 'What was applied before goes on.')
      if (platform !== null && revision !== null) return followedFolder(platform)
      // Its configuration may be what is mended, so nothing of it is kept.
      await platform?.close()
      platform = null
    }
    if (!(await changes.next(signal))) {
      changes.close()
      return null
    }
  }

  function followedFolder(platform: Platform): FollowedFolder {
    const turns = async (onApplied: () => void): Promise<void> => {
      while (await changes.next(signal)) {
        const startedMs = performance.now()
        try {
          if (await apply(platform, startedMs)) onApplied()
        } catch (error) {
          await complain(error, startedMs, 'What was applied before goes on.').catch((cause: unknown) =>
            say(`The folder could not be applied: ${errorBody(cause).error.message}`),
          )
        }
      }
    }
    let following = Promise.resolve()
    return {
      platform,
      follow: (onApplied) => {
        following = turns(onApplied)
      },
      async close() {
        changes.close()
        await following
        record('unwatched', 0, null)
        await written
      },
    }
  }
}
