import { isNoonmarkError } from '../errors.ts'
import { type AnswerBudget, before, late } from './deadline.ts'
import type { FeatureLookup, LookupResult, LookupRow, PositionWaiter } from './feature-lookup.ts'
import {
  deriveCall,
  type Failure,
  failureOf,
  lookupRow,
  messageOf,
  type Occasion,
  takeDerive,
  takeLookup,
} from './occasion.ts'
import type { ProjectCode } from './project-code.ts'
import type { ServingMetrics } from './serving-metrics.ts'
import type { Wiring } from './wiring.ts'

/** What occasions are filled from. */
export interface OccasionSources {
  readonly wiring: Wiring
  readonly code: ProjectCode
  readonly lookup: FeatureLookup
  readonly positions: PositionWaiter
  readonly metrics: ServingMetrics
}

/** The steps that give a row all its values. None fails: what is missing is said in the occasion. */
export interface OccasionFilling {
  waitForPosition(position: string | null, budget: AnswerBudget): Promise<Failure | null>
  lookUp(occasions: readonly Occasion[], budget: AnswerBudget): Promise<void>
  runDerives(
    occasions: readonly Occasion[],
    derives: readonly number[],
    budget: AnswerBudget,
    group: string,
  ): Promise<void>
}

/** Makes the steps for one moment. Only `waitForPosition` raises, and only `position_invalid`. */
export function occasionFilling({ wiring, code, lookup, positions, metrics }: OccasionSources): OccasionFilling {
  const lookUpAll = lookup.prepare(wiring.features.map(({ role, resolved }) => ({ ...resolved, key: role })))

  /** Null when the position was reached, or none was asked for. */
  async function waitForPosition(position: string | null, budget: AnswerBudget): Promise<Failure | null> {
    if (position === null) return null
    try {
      const timeoutMs = budget.waitUntil - performance.now()
      const reached = await before(positions.waitFor(position, timeoutMs), timeoutMs)
      return reached === true ? null : failureOf('position_not_reached', null, `Position ${position} was not reached.`)
    } catch (error) {
      // A position that cannot be read is the caller's to mend; a writer that is away must not cost the answer.
      if (isNoonmarkError(error) && error.status < 500) throw error
      return failureOf('position_not_reached', null, messageOf(error))
    }
  }

  /** One lookup for all rows, views and deployments. A store that fails or is late leaves every feature unavailable. */
  async function lookUp(occasions: readonly Occasion[], budget: AnswerBudget): Promise<void> {
    if (wiring.features.length === 0) return
    const found = await tryLookUp(
      occasions.map((occasion) => lookupRow(wiring, occasion)),
      budget.versionUntil - performance.now(),
    )
    for (const [row, occasion] of occasions.entries()) {
      if (typeof found === 'string') {
        occasion.lookupFailure = found
        continue
      }
      takeLookup(wiring, occasion, found[row]!)
      for (const source of Object.keys(occasion.asOf)) metrics.stale(source, occasion.at - occasion.asOf[source]!)
    }
  }

  async function tryLookUp(rows: readonly LookupRow[], timeoutMs: number): Promise<readonly LookupResult[] | string> {
    try {
      const found = await before(lookUpAll(rows), timeoutMs)
      return found === late ? `The online store did not answer within ${Math.round(timeoutMs)} ms.` : found
    } catch (error) {
      return messageOf(error)
    }
  }

  /** All derives of the request in one round trip, apart from this thread. */
  async function runDerives(
    occasions: readonly Occasion[],
    derives: readonly number[],
    budget: AnswerBudget,
    group: string,
  ): Promise<void> {
    if (derives.length === 0 || occasions.length === 0) return
    const calls = derives.map((derive) => deriveCall(wiring, derive, occasions))
    const deadlineMs = Math.max(1, budget.versionUntil - performance.now())
    let problem = failureOf('code_deadline', null, 'It did not finish in time.')
    try {
      const running = code.run(group, calls, { deadlineMs })
      const results = await before(running, budget.stoppedUntil - performance.now())
      if (results !== late) {
        for (const [place, derive] of derives.entries()) {
          for (const [row, occasion] of occasions.entries()) {
            takeDerive(wiring, derive, occasion, results[place]![row]!)
          }
        }
        return
      }
    } catch (error) {
      problem = failureOf('internal', null, messageOf(error))
    }
    for (const derive of derives) {
      const failure = failureOf(problem.reason, wiring.derives[derive]!.name, problem.detail)
      for (const occasion of occasions) occasion.deriveFailures[derive] = failure
    }
  }

  return { waitForPosition, lookUp, runDerives }
}
