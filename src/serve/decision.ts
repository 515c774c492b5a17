import type { FallbackSpec } from '../define/index.ts'
import { fromCode } from '../values/index.ts'
import { before, late } from './deadline.ts'
import type { DeploymentState, ServingModel } from './deployment-state.ts'
import { codeOf, codeRow, type Failure, failureOf, messageOf, modelRow, type Occasion } from './occasion.ts'
import type { AnsweredBy } from './prediction-record.ts'
import type { ProjectCode } from './project-code.ts'
import type { Wiring } from './wiring.ts'

/** What was answered for one row of one deployment, and who answered. */
export interface Decision {
  readonly output: Readonly<Record<string, number>>
  readonly answeredBy: AnsweredBy
  readonly failure: Failure | null
}

/** What a version says to a row: its output, or why it has none. */
export function askVersion(
  wiring: Wiring,
  { version, wired }: ServingModel,
  occasion: Occasion,
): { readonly output: Readonly<Record<string, number>> } | { readonly failure: Failure } {
  for (const index of wired.features) {
    if (occasion.statuses[index] !== 'unavailable') continue
    const { feature, view } = wiring.features[index]!.resolved
    return { failure: failureOf('features_unavailable', `${view.name}:${feature.name}`, occasion.lookupFailure) }
  }
  const failure = deriveFailure(wiring, wired.derives, occasion)
  if (failure !== null) return { failure }
  try {
    const probability = version.predict(modelRow(wired.columns, occasion.values))
    if (Number.isFinite(probability)) return { output: { probability } }
    return { failure: failureOf('model_failed', version.name, `It predicted ${probability}.`) }
  } catch (error) {
    return { failure: failureOf('model_failed', version.name, messageOf(error)) }
  }
}

/**
 * The failure to name, of those of a model's derives. One that shared its thread with a derive that was stopped fails too,
 * and says so by that one's name: the one to name is the one that stopped them.
 */
function deriveFailure(wiring: Wiring, derives: readonly number[], { deriveFailures }: Occasion): Failure | null {
  const failed = derives.filter((index) => deriveFailures[index] !== undefined)
  if (failed.length === 0) return null
  const says = (index: number) => deriveFailures[index]!.detail ?? ''
  const culprit = failed.find((index) => failed.every((other) => says(other).includes(wiring.derives[index]!.key)))
  return deriveFailures[culprit ?? failed[0]!]!
}

/**
 * Answers the rows that their version could not, by the chain of the deployment. Failures come in and decisions go out, a
 * place each; the chain ends in a constant, so every row is answered.
 */
export async function fallBack(
  code: ProjectCode,
  state: DeploymentState,
  occasions: readonly Occasion[],
  failures: readonly Failure[],
  untilMs: number,
): Promise<Decision[]> {
  const decisions: (Decision | undefined)[] = new Array(occasions.length).fill(undefined)
  let reasons = failures
  for (const step of state.spec.fallback) {
    if (step.fallback === 'constant')
      return decisions.map((found, row) => found ?? constantDecision(step, reasons[row]!))
    const open = occasions.flatMap((_, row) => (decisions[row] === undefined ? [row] : []))
    if (open.length === 0 || !state.baseline) continue
    const results = await runBaseline(
      code,
      state,
      open.map((row) => occasions[row]!),
      untilMs,
    )
    reasons = reasons.map((failure, row) => {
      const result = results[open.indexOf(row)]
      if (result === undefined) return failure
      if ('probability' in result) {
        const output = { probability: result.probability }
        decisions[row] = { output, answeredBy: 'fallback:baseline', failure }
        return failure
      }
      return {
        reason: failure.reason,
        detail: [failure.detail, result.problem].filter((text) => text !== null).join(' '),
      }
    })
  }
  // Definitions end every chain in a constant; a manifest by another hand may not.
  const last: FallbackSpec = { fallback: 'constant', output: { probability: 0.5 } }
  return decisions.map((found, row) => found ?? constantDecision(last, reasons[row]!))
}

function constantDecision(step: FallbackSpec & { readonly fallback: 'constant' }, failure: Failure): Decision {
  return { output: step.output, answeredBy: 'fallback:constant', failure }
}

/** How a model's baseline is called in its group and in errors. */
export const baselineKey = (model: string): string => `baseline of ${model}`

type BaselineResult = { readonly probability: number } | { readonly problem: string }

/** Runs the baseline apart from the derives: what stopped those must not stop it. */
async function runBaseline(
  code: ProjectCode,
  { spec, declared, baselineGroup }: DeploymentState,
  occasions: readonly Occasion[],
  untilMs: number,
): Promise<BaselineResult[]> {
  const name = baselineKey(spec.model)
  const deadlineMs = untilMs - performance.now()
  const all = (problem: string) => occasions.map(() => ({ problem: `${name}: ${problem}` }))
  if (deadlineMs < 1) return all('there was no time left for it.')
  try {
    const rows = occasions.map(({ values }) => codeRow(declared.wired.columns, values))
    const running = code.run(baselineGroup, [{ key: name, rows }], { deadlineMs })
    const results = await before(running, deadlineMs)
    if (results === late) return all('it was late.')
    return occasions.map((_, row) => {
      const outcome = results[0]?.[row]
      if (outcome === undefined) return { problem: `${name}: it gave nothing.` }
      if (!outcome.ok) return { problem: `${name}: ${outcome.error.code}: ${outcome.error.message}` }
      return readProbability(name, outcome.value)
    })
  } catch (error) {
    return all(messageOf(error))
  }
}

function readProbability(name: string, value: unknown): BaselineResult {
  try {
    const probability = fromCode('float', value, name)
    if (typeof probability === 'number' && probability >= 0 && probability <= 1) return { probability }
    return { problem: `${name}: it returned ${String(probability)}, which is no probability.` }
  } catch (error) {
    return { problem: `${name}: ${codeOf(error)}: ${messageOf(error)}` }
  }
}
