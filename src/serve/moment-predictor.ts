import type { Clock } from '../clock.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { formatInstant, type Instant } from '../values/index.ts'
import { askedDeployments, refuseAhead } from './asked-deployments.ts'
import { type AnswerBudget, answerBudget, before, late } from './deadline.ts'
import { askVersion, type Decision, fallBack } from './decision.ts'
import { codeGroups, type DeploymentState, derivesOf } from './deployment-state.ts'
import { momentRequestReader } from './moment-request.ts'
import { beginOccasion, type Failure, failureOf, messageOf, type Occasion } from './occasion.ts'
import { type OccasionSources, occasionFilling } from './occasion-filling.ts'
import { draftPrediction } from './prediction-draft.ts'
import type { PredictionDraft, PredictionLog } from './prediction-log.ts'
import { type PredictionLatency, totalMs } from './prediction-record.ts'
import { shadowPredictor } from './shadow-predictor.ts'
import type { ShadowQueue } from './shadow-queue.ts'
import type { Traffic } from './traffic.ts'

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
export interface MomentPredictorParts extends OccasionSources {
  readonly deployments: readonly DeploymentState[]
  readonly manifest: Digest
  readonly log: PredictionLog
  readonly clock: Clock
  readonly shadows: ShadowQueue
  readonly traffic?: Pick<Traffic, 'observe'>
  /** Told of each answer that a version should have given and could not. */
  readonly onFailure?: (deployment: string, failure: Failure) => void
}

/** Makes the function that answers requests at one moment. It raises only what the caller can mend, and `log_unavailable`. */
export function momentPredictor(parts: MomentPredictorParts): (body: unknown) => Promise<MomentAnswer> {
  const { wiring, clock, metrics, log } = parts
  const moment = wiring.layout.moment
  const readRequest = momentRequestReader(wiring.layout)
  const filling = occasionFilling(parts)
  const offerShadows = shadowPredictor({ ...parts, filling, queue: parts.shadows })
  const byName = new Map(parts.deployments.map((state) => [state.spec.name, state]))

  return async function predict(body) {
    const startedMs = performance.now()
    const request = readRequest(body)
    const asked = askedDeployments(moment, byName, request)
    refuseAhead(request, clock.now())
    // One reply carries all answers, so the shortest timeout is everyone's.
    const timeoutMs = Math.min(...asked.map(({ spec }) => spec.timeoutMs))
    const budget = answerBudget(startedMs, timeoutMs)

    const notReached = await filling.waitForPosition(request.minPosition, budget)
    const waitedMs = performance.now()
    const now = clock.now()
    const occasions = request.rows.map((row) => beginOccasion(wiring, row, row.at ?? now))
    await filling.lookUp(occasions, budget)
    const lookedUpMs = performance.now()
    await filling.runDerives(occasions, derivesOf(asked), budget, codeGroups(moment).derives)
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
    report(asked, occasions, decisions, latency, now, startedMs, decidedMs)
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
    return draftPrediction(parts.manifest, state, state.champion ?? state.declared, occasion, {
      output,
      version: answeredBy === 'champion' ? state.championName : null,
      arm: 'champion',
      answeredBy,
      reason: failure?.reason ?? null,
      detail: failure?.detail ?? null,
      latency,
    })
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
    givenAtMs: Instant,
    startedMs: number,
    decidedMs: number,
  ): void {
    const latencyMs = totalMs(latency)
    for (const [index, { spec, champion, championName }] of asked.entries()) {
      for (let row = 0; row < occasions.length; row++) {
        const { answeredBy, failure, output } = decisions[index]![row]!
        metrics.answered(spec.name, answeredBy, failure?.reason ?? null)
        parts.traffic?.observe({
          deployment: spec.name,
          givenAtMs,
          arm: 'champion',
          answeredBy,
          reason: failure?.reason ?? null,
          version: answeredBy === 'champion' ? championName : null,
          probability: output.probability ?? null,
          latencyMs,
        })
        if (failure !== null && champion !== null) parts.onFailure?.(spec.name, failure)
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
}

function missingVersion({ championName, championMissing }: DeploymentState): Failure {
  return failureOf(championMissing ?? 'version_pending', championName, null)
}

/** The least of the instants up to which sources answered; the moment itself where none was asked. */
function displayedAsOf({ at, asOf }: Occasion): Instant {
  let least = at
  for (const source of Object.keys(asOf)) least = Math.min(least, asOf[source]!)
  return least
}
