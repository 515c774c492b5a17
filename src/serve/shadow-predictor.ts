import type { Clock } from '../clock.ts'
import type { Digest } from '../digest.ts'
import { answerBudget } from './deadline.ts'
import { askVersion } from './decision.ts'
import { codeGroups, type DeploymentState, derivesOf } from './deployment-state.ts'
import type { Occasion } from './occasion.ts'
import type { OccasionFilling } from './occasion-filling.ts'
import { draftPrediction } from './prediction-draft.ts'
import type { PredictionDraft, PredictionLog } from './prediction-log.ts'
import { type PredictionLatency, totalMs } from './prediction-record.ts'
import type { ServingMetrics } from './serving-metrics.ts'
import type { ShadowQueue } from './shadow-queue.ts'
import type { Traffic } from './traffic.ts'
import type { Wiring } from './wiring.ts'

/** What shadows predict with. */
export interface ShadowParts {
  readonly wiring: Wiring
  readonly filling: OccasionFilling
  readonly manifest: Digest
  readonly log: PredictionLog
  readonly metrics: ServingMetrics
  readonly queue: ShadowQueue
  readonly clock: Clock
  readonly traffic?: Pick<Traffic, 'observe'>
}

/** Lets the shadows of a request predict once its reply is on its way. */
export type OfferShadows = (
  asked: readonly DeploymentState[],
  occasions: readonly Occasion[],
  latency: PredictionLatency,
) => void

/** Makes the shadows of a moment: they see what the champion saw, and derive what only they need apart from it. */
export function shadowPredictor(parts: ShadowParts): OfferShadows {
  const { wiring, filling, manifest, log, metrics, queue, clock, traffic } = parts
  const moment = wiring.layout.moment

  return function offerShadows(
    asked: readonly DeploymentState[],
    occasions: readonly Occasion[],
    latency: PredictionLatency,
  ): void {
    const shadowed = asked.filter(({ shadows }) => shadows.length > 0)
    if (shadowed.length === 0) return
    const taken = queue.offer(() => predictShadows(asked, shadowed, occasions, latency))
    metrics.shadowQueue(queue.length)
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
    await filling.runDerives(occasions, missing, answerBudget(startedMs, timeoutMs), codeGroups(moment).shadows)
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
          const latency = { ...before, deriveMs, modelMs: performance.now() - askedMs }
          const answeredBy = output === null ? null : 'shadow'
          const reason = failure?.reason ?? null
          traffic?.observe({
            deployment: state.spec.name,
            givenAtMs: clock.now(),
            arm: 'shadow',
            answeredBy,
            reason,
            version: shadow.version.name,
            probability: output?.probability ?? null,
            latencyMs: totalMs(latency),
          })
          drafts.push(
            draftPrediction(manifest, state, shadow, occasion, {
              output,
              version: shadow.version.name,
              arm: 'shadow',
              answeredBy,
              reason,
              detail: failure?.detail ?? null,
              latency,
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
