import type { Clock } from '../clock.ts'
import type { Digest } from '../digest.ts'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import { formatInstant, type Instant } from '../values/index.ts'
import { type AnswerBudget, answerBudget, before, late } from './deadline.ts'
import { askVersion, type Decision, fallBack } from './decision.ts'
import type { DeploymentState, LoggedModel } from './deployment-state.ts'
import type { FeatureLookup, LookupResult, LookupRow, PositionWaiter } from './feature-lookup.ts'
import { type MomentRequest, momentRequestReader } from './moment-request.ts'
import {
  beginOccasion,
  deriveCall,
  type Failure,
  failureOf,
  lookupRow,
  messageOf,
  type Occasion,
  takeDerive,
  takeLookup,
} from './occasion.ts'
import type { PredictionDraft, PredictionLog } from './prediction-log.ts'
import type { PredictionFacts, PredictionLatency } from './prediction-record.ts'
import type { ProjectCode } from './project-code.ts'
import type { ServingMetrics } from './serving-metrics.ts'
import type { ShadowQueue } from './shadow-queue.ts'
import type { Wiring } from './wiring.ts'

/** The answer to one row, as it stands on the wire. */
export interface RowAnswer {
  readonly as_of: string
  readonly results: Readonly<Record<string, DeploymentAnswer>>
}

/** What one deployment answered to one row. */
export interface DeploymentAnswer {
  readonly prediction_id: string
  readonly output: Readonly<Record<string, number>>
  readonly model_version: string | null
  readonly answered_by: string
  readonly reason?: string
  readonly logged: boolean
}

/** The answer to a request: of the form that the request had. */
export type MomentAnswer = RowAnswer | { readonly rows: readonly RowAnswer[] }

/** What answers at one moment. */
export interface MomentPredictorParts {
  readonly wiring: Wiring
  readonly deployments: readonly DeploymentState[]
  readonly manifest: Digest
  readonly code: ProjectCode
  readonly lookup: FeatureLookup
  readonly positions: PositionWaiter
  readonly log: PredictionLog
  readonly clock: Clock
  readonly metrics: ServingMetrics
  readonly shadows: ShadowQueue
}

/**
 * The groups of functions of a moment. A derive that is stopped takes its thread with it, and neither the baseline nor
 * another moment; what only shadows need runs apart from what answers.
 */
export function codeGroups(moment: string): { derives: string; shadows: string; baselines: string } {
  return { derives: `derives of ${moment}`, shadows: `shadows of ${moment}`, baselines: `baselines of ${moment}` }
}

/** Makes the function that answers requests at one moment. It raises only what the caller can mend, and `log_unavailable`. */
export function momentPredictor(parts: MomentPredictorParts): (body: unknown) => Promise<MomentAnswer> {
  const { wiring, clock, metrics, log } = parts
  const moment = wiring.layout.moment
  const readRequest = momentRequestReader(wiring.layout)
  const lookUpAll = parts.lookup.prepare(wiring.features.map(({ role, resolved }) => ({ ...resolved, key: role })))
  const byName = new Map(parts.deployments.map((state) => [state.spec.name, state]))

  return async function predict(body) {
    const startedMs = performance.now()
    const request = readRequest(body)
    const asked = askedDeployments(moment, byName, request)
    refuseAhead(request, clock.now())
    // One reply carries all answers, so the shortest timeout is everyone's.
    const timeoutMs = Math.min(...asked.map(({ spec }) => spec.timeoutMs))
    const budget = answerBudget(startedMs, timeoutMs)

    const notReached = await waitForPosition(request.minPosition, budget)
    const waitedMs = performance.now()
    const now = clock.now()
    const occasions = request.rows.map((row) => beginOccasion(wiring, row, row.at ?? now))
    await lookUp(occasions, budget)
    const lookedUpMs = performance.now()
    await runDerives(occasions, derivesOf(asked), budget, codeGroups(moment).derives)
    const derivedMs = performance.now()
    const decisions = await Promise.all(asked.map((state) => decide(state, occasions, notReached, budget)))
    const decidedMs = performance.now()

    const latency: PredictionLatency = {
      waitMs: waitedMs - startedMs,
      lookupMs: lookedUpMs - waitedMs,
      deriveMs: derivedMs - lookedUpMs,
      modelMs: decidedMs - derivedMs,
    }
    const drafts = asked.flatMap((state, index) =>
      occasions.map((occasion, row) => answerDraft(state, occasion, decisions[index]![row]!, latency)),
    )
    const { ids, durable } = log.append(drafts)
    const kept = await before(durable, budget.replyUntil - performance.now())
    const logged = kept === true
    if (!logged) refuseUnlogged(asked, kept === late)
    report(asked, occasions, decisions, latency, startedMs, decidedMs)
    offerShadows(asked, occasions, latency)

    const answers = occasions.map((occasion, row): RowAnswer => {
      const results: Record<string, DeploymentAnswer> = {}
      for (const [index, state] of asked.entries()) {
        const { output, answeredBy, failure } = decisions[index]![row]!
        results[state.spec.name] = {
          prediction_id: ids[index * occasions.length + row]!,
          output,
          model_version: answeredBy === 'champion' ? state.championName : null,
          answered_by: answeredBy,
          ...(failure === null ? {} : { reason: failure.reason }),
          logged,
        }
      }
      return { as_of: formatInstant(displayedAsOf(occasion)), results }
    })
    return request.single ? answers[0]! : { rows: answers }
  }

  async function waitForPosition(position: string | null, budget: AnswerBudget): Promise<Failure | null> {
    if (position === null) return null
    try {
      const timeoutMs = budget.waitUntil - performance.now()
      const reached = await before(parts.positions.waitFor(position, timeoutMs), timeoutMs)
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
      const running = parts.code.run(group, calls, { deadlineMs })
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

  async function decide(
    state: DeploymentState,
    occasions: readonly Occasion[],
    notReached: Failure | null,
    budget: AnswerBudget,
  ): Promise<readonly Decision[]> {
    const decisions: (Decision | undefined)[] = []
    const failures: Failure[] = []
    const open: number[] = []
    for (const [row, occasion] of occasions.entries()) {
      const missing = notReached ?? (state.championMissing === null ? null : missingVersion(state))
      const asked = missing === null ? askVersion(wiring, state.champion!, occasion) : { failure: missing }
      if ('output' in asked) decisions[row] = { output: asked.output, answeredBy: 'champion', failure: null }
      else {
        open.push(row)
        failures.push(asked.failure)
      }
    }
    if (open.length === 0) return decisions as Decision[] // every row was decided just now
    const unanswered = open.map((row) => occasions[row]!)
    const fallen = await fallBack(parts.code, state, unanswered, failures, budget.fallbackUntil)
    for (const [place, row] of open.entries()) decisions[row] = fallen[place]!
    return decisions as Decision[] // the chain decided the rest
  }

  function answerDraft(
    state: DeploymentState,
    occasion: Occasion,
    { output, answeredBy, failure }: Decision,
    latency: PredictionLatency,
  ): PredictionDraft {
    return draft(state, state.champion ?? state.declared, occasion, {
      output,
      version: answeredBy === 'champion' ? state.championName : null,
      arm: 'champion',
      answeredBy,
      reason: failure?.reason ?? null,
      detail: failure?.detail ?? null,
      latency,
    })
  }

  function draft(
    { spec }: DeploymentState,
    { slots }: LoggedModel,
    { at, asOf, tables, values, statuses }: Occasion,
    said: Pick<PredictionFacts, 'output' | 'version' | 'arm' | 'answeredBy' | 'reason' | 'detail' | 'latency'>,
  ): PredictionDraft {
    return {
      slots,
      values: { values, statuses },
      facts: {
        deployment: spec.name,
        item: null,
        at,
        asOf,
        tables,
        action: null,
        propensity: null,
        parent: null,
        group: null,
        manifest: parts.manifest,
        ...said,
      },
    }
  }

  function refuseUnlogged(asked: readonly DeploymentState[], wasLate: boolean): void {
    for (const { spec } of asked) metrics.logFailed(spec.name)
    const demanding = asked.find(({ spec }) => spec.log === 'required')
    if (demanding === undefined) return
    const why = wasLate ? 'could not keep it in time' : `cannot be written: ${messageOf(log.failure())}`
    throw noonmarkError('log_unavailable', {
      message: `${demanding.spec.name} demands a logged prediction, and the log ${why}.`,
    })
  }

  function report(
    asked: readonly DeploymentState[],
    occasions: readonly Occasion[],
    decisions: readonly (readonly Decision[])[],
    latency: PredictionLatency,
    startedMs: number,
    decidedMs: number,
  ): void {
    for (const [index, { spec }] of asked.entries()) {
      for (let row = 0; row < occasions.length; row++) {
        const { answeredBy, failure } = decisions[index]![row]!
        metrics.answered(spec.name, answeredBy, failure?.reason ?? null)
      }
    }
    const endedMs = performance.now()
    metrics.stage('wait', latency.waitMs)
    metrics.stage('lookup', latency.lookupMs)
    metrics.stage('derive', latency.deriveMs)
    metrics.stage('model', latency.modelMs)
    metrics.stage('log', endedMs - decidedMs)
    metrics.stage('total', endedMs - startedMs)
  }

  /** Shadows see what the champion saw, and run when the reply is on its way. */
  function offerShadows(
    asked: readonly DeploymentState[],
    occasions: readonly Occasion[],
    latency: PredictionLatency,
  ): void {
    const shadowed = asked.filter(({ shadows }) => shadows.length > 0)
    if (shadowed.length === 0) return
    const taken = parts.shadows.offer(() => predictShadows(asked, shadowed, occasions, latency))
    metrics.shadowQueue(parts.shadows.length)
    if (taken) return
    for (const { spec } of shadowed) metrics.shadow(spec.name, 'dropped')
  }

  async function predictShadows(
    asked: readonly DeploymentState[],
    shadowed: readonly DeploymentState[],
    occasions: readonly Occasion[],
    before: PredictionLatency,
  ): Promise<void> {
    const startedMs = performance.now()
    const done = new Set(derivesOf(asked))
    const own = shadowed.flatMap(({ shadows }) => shadows.flatMap(({ wired }) => wired.derives))
    const missing = [...new Set(own)].filter((derive) => !done.has(derive))
    const timeoutMs = Math.max(...shadowed.map(({ spec }) => spec.timeoutMs))
    await runDerives(occasions, missing, answerBudget(startedMs, timeoutMs), codeGroups(moment).shadows)
    const deriveMs = before.deriveMs + performance.now() - startedMs
    const drafts: PredictionDraft[] = []
    for (const state of shadowed) {
      for (const shadow of state.shadows) {
        for (const occasion of occasions) {
          const askedMs = performance.now()
          const said = askVersion(wiring, shadow, occasion)
          const output = 'output' in said ? said.output : null
          const failure = 'output' in said ? null : said.failure
          metrics.shadow(state.spec.name, output === null ? 'failed' : 'predicted')
          drafts.push(
            draft(state, shadow, occasion, {
              output,
              version: shadow.version.name,
              arm: 'shadow',
              answeredBy: output === null ? null : 'shadow',
              reason: failure?.reason ?? null,
              detail: failure?.detail ?? null,
              latency: { ...before, deriveMs, modelMs: performance.now() - askedMs },
            }),
          )
        }
      }
    }
    // Nobody waits for this record: only that it failed matters.
    void log.append(drafts).durable.then((kept) => {
      if (!kept) for (const { spec } of shadowed) metrics.logFailed(spec.name)
    })
  }
}

function askedDeployments(
  moment: string,
  byName: ReadonlyMap<string, DeploymentState>,
  { deployments }: MomentRequest,
): DeploymentState[] {
  if (byName.size === 0) {
    throw noonmarkError('not_found', {
      message: `No deployment answers at the moment ${moment}.`,
      hint: 'Declare one in deployments.ts and apply.',
    })
  }
  if (deployments === null) return [...byName.values()]
  if (deployments.length === 0) {
    throw noonmarkError('row_invalid', { message: 'deployments names none.', path: 'deployments' })
  }
  return [...new Set(deployments)].map((name) => {
    const state = byName.get(name)
    if (state !== undefined) return state
    throw noonmarkError('not_found', {
      message: `The moment ${moment} has no deployment '${name}'.`,
      hint: `Its deployments are ${[...byName.keys()].join(', ')}.`,
      path: `deployments[${deployments.indexOf(name)}]`,
    })
  })
}

function refuseAhead({ rows, single }: MomentRequest, now: Instant): void {
  for (const [index, { at }] of rows.entries()) {
    if (at === null || at <= now) continue
    const path = single ? 'at' : `rows[${index}].at`
    throw noonmarkError('instant_ahead', {
      message: `${path} is ${formatInstant(at)}, and the clock stands at ${formatInstant(now)}.`,
      path,
    })
  }
}

function missingVersion({ championName, championMissing }: DeploymentState): Failure {
  return failureOf(championMissing ?? 'version_pending', championName, null)
}

/** The derives that the answers of these deployments need. */
export function derivesOf(asked: readonly DeploymentState[]): number[] {
  const [first, ...others] = asked
  const own = (first?.champion ?? first?.declared)?.wired.derives ?? []
  if (others.length === 0) return [...own]
  return [...new Set([...own, ...others.flatMap(({ champion, declared }) => (champion ?? declared).wired.derives)])]
}

/** The least of the instants up to which sources answered; the moment itself where none was asked. */
function displayedAsOf({ at, asOf }: Occasion): Instant {
  let least = at
  for (const source of Object.keys(asOf)) least = Math.min(least, asOf[source]!)
  return least
}
