import type { Clock } from '../clock.ts'
import type { Manifest, ModelSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { baselineKey } from './decision.ts'
import {
  codeGroups,
  type DeploymentState,
  derivesOf,
  type LoggedModel,
  recordSlots,
  type ServingModel,
} from './deployment-state.ts'
import type { FeatureLookup, PositionWaiter } from './feature-lookup.ts'
import { type MomentAnswer, momentPredictor } from './moment-predictor.ts'
import { type Failure, messageOf } from './occasion.ts'
import type { PredictionLog } from './prediction-log.ts'
import type { CodeFunction, ProjectCode } from './project-code.ts'
import { type Hold, routeDeployment } from './route.ts'
import type { ServingMetrics } from './serving-metrics.ts'
import { type ShadowQueue, shadowQueue } from './shadow-queue.ts'
import type { Traffic } from './traffic.ts'
import type { VersionState } from './version.ts'
import { type WiredModel, type Wiring, wireMoment } from './wiring.ts'

/** What a predictor is made of. A change of manifest, versions or holds makes a new one; log, code and metrics live on. */
export interface PredictorOptions {
  readonly manifest: Manifest
  readonly manifestDigest: Digest
  /** The versions that can be had, by `model:number`; one that is not here is pending. */
  readonly versions: ReadonlyMap<string, VersionState>
  readonly holds?: readonly Hold[]
  readonly code: ProjectCode
  readonly lookup: FeatureLookup
  readonly positions: PositionWaiter
  readonly log: PredictionLog
  readonly clock: Clock
  readonly metrics: ServingMetrics
  /** Where answers are counted for people to look at. */
  readonly traffic?: Pick<Traffic, 'observe'>
  /** Told of each answer that a version should have given and could not. */
  readonly onFailure?: (deployment: string, failure: Failure) => void
  /** How many requests may wait for their shadows; 1,000 by default. */
  readonly shadowLimit?: number
}

/** Answers at every moment of a project. */
export interface Predictor {
  /**
   * Answers a request body, one row or `{rows, deployments, min_position}`. It never fails because a model, a feature or a
   * store did: then a fallback answers, and the answer says so.
   * @throws row_invalid, instant_invalid, instant_ahead, position_invalid or not_found, naming the field; log_unavailable
   * where a deployment demands a logged prediction
   */
  predict(moment: string, body: unknown): Promise<MomentAnswer>
  /** Deployments whose version does not answer, and why. */
  readonly troubles: readonly DeploymentTrouble[]
  /** Resolves when the shadows of all replies are done. */
  drained(): Promise<void>
}

/** A version that a deployment pins and that does not answer. */
export interface DeploymentTrouble {
  readonly deployment: string
  readonly version: string | null
  readonly part: 'champion' | 'shadow' | 'declared' | 'code'
  readonly reason: string
}

/** Wires every moment that has deployments. What records mean is durable before the first request is answered. */
export async function createPredictor(options: PredictorOptions): Promise<Predictor> {
  const { manifest } = options
  const shadows = shadowQueue(options.shadowLimit ?? 1000)
  const troubles: DeploymentTrouble[] = []
  const predictors = new Map<string, (body: unknown) => Promise<MomentAnswer>>()
  for (const moment of Object.keys(manifest.moments)) {
    predictors.set(moment, await predictorOf(moment, options, shadows, troubles))
  }
  return {
    troubles,
    drained: () => shadows.drained(),
    async predict(moment, body) {
      const predict = predictors.get(moment)
      if (predict !== undefined) return predict(body)
      throw noonmarkError('not_found', {
        message: `There is no moment '${moment}'.`,
        hint: `The moments are ${[...predictors.keys()].join(', ') || 'none yet'}.`,
        path: 'moment',
      })
    },
  }
}

async function predictorOf(
  moment: string,
  options: PredictorOptions,
  shadows: ShadowQueue,
  troubles: DeploymentTrouble[],
): Promise<(body: unknown) => Promise<MomentAnswer>> {
  const { manifest, versions, holds = [] } = options
  const specs = Object.values(manifest.deployments).filter(({ model }) => manifest.models[model]?.moment === moment)
  const routes = specs.map((spec) => ({
    spec,
    route: routeDeployment(spec, holds.find(({ deployment }) => deployment === spec.name) ?? null),
  }))

  // Names of versions have a colon, names of models have none: they cannot meet in one map.
  const models = new Map<string, ModelSpec>()
  for (const { spec, route } of routes) {
    const declared = manifest.models[spec.model]!
    models.set(spec.model, declared)
    models.set(bare(spec.model), { ...declared, inputs: [] })
    for (const pin of [route.champion, ...route.shadows]) {
      const version = pin === null ? undefined : versions.get(pin)
      if (version !== undefined && 'predict' in version) models.set(version.name, version.model)
    }
  }
  const wiring = wireMoment(manifest, moment, models)
  const logged = await contractKeeper(wiring, options.log)

  const states: DeploymentState[] = []
  for (const { spec, route } of routes) {
    const trouble = (part: DeploymentTrouble['part'], version: string | null, reason: string) =>
      troubles.push({ deployment: spec.name, version, part, reason })
    const found = async (pin: string): Promise<ServingModel | string> => {
      const version = versions.get(pin)
      if (version === undefined) return 'version_pending'
      if ('refused' in version) return `version_refused: ${version.refused}`
      const wired = wiring.models.get(pin)
      if (wired === undefined) return wiring.problems.get(pin) ?? 'version_pending'
      return { version, ...(await logged(wired)) }
    }
    const champion = route.champion === null ? 'no_version' : await found(route.champion)
    if (typeof champion === 'string') trouble('champion', route.champion, champion)
    const besides: ServingModel[] = []
    for (const pin of route.shadows) {
      const shadow = await found(pin)
      if (typeof shadow === 'string') trouble('shadow', pin, shadow)
      else besides.push(shadow)
    }
    const problem = wiring.problems.get(spec.model)
    if (problem !== undefined) trouble('declared', null, problem)
    const declared = wiring.models.get(spec.model) ?? wiring.models.get(bare(spec.model))!
    states.push({
      spec,
      champion: typeof champion === 'string' ? null : champion,
      championName: route.champion,
      championMissing: typeof champion === 'string' ? codePart(champion) : null,
      shadows: besides,
      declared: await logged(declared),
      // A baseline whose inputs are not there would answer from nothing.
      baseline: problem === undefined && manifest.models[spec.model]?.baseline !== null,
      baselineGroup: codeGroups(moment).baselines,
    })
  }
  for (const { group, reason } of await prepareCode(options, wiring, states))
    for (const { spec } of states)
      troubles.push({ deployment: spec.name, version: null, part: 'code', reason: `${group}: ${reason}` })
  return momentPredictor({ ...options, wiring, deployments: states, manifest: options.manifestDigest, shadows })
}

/**
 * Loads the functions of a moment into their groups, before the first request needs them. Groups that cannot be loaded are
 * given back: their calls fail, and fallbacks answer.
 */
async function prepareCode(
  { code, manifest }: PredictorOptions,
  wiring: Wiring,
  states: readonly DeploymentState[],
): Promise<{ readonly group: string; readonly reason: string }[]> {
  const groups = codeGroups(wiring.layout.moment)
  const functions = (derives: readonly number[]) => derives.map((derive) => wiring.derives[derive]!)
  const answering = derivesOf(states)
  // A request may ask for some deployments only: what a shadow needs beyond its own champion has to be at hand.
  const apart = new Set(
    states.flatMap((state) => {
      const done = derivesOf([state])
      return state.shadows.flatMap(({ wired }) => wired.derives.filter((derive) => !done.includes(derive)))
    }),
  )
  const models = new Set(states.filter(({ baseline }) => baseline).map(({ spec }) => spec.model))
  const baselines = [...models].map((model) => ({ key: baselineKey(model), code: manifest.models[model]!.baseline! }))
  const wanted: [string, readonly CodeFunction[]][] = [
    [groups.derives, functions(answering)],
    [groups.shadows, functions([...apart])],
    [groups.baselines, baselines],
  ]
  const problems = await Promise.all(
    wanted
      .filter(([, list]) => list.length > 0)
      .map(([group, list]) =>
        code.prepare(group, list).then(
          () => [],
          (error: unknown) => [{ group, reason: messageOf(error) }],
        ),
      ),
  )
  return problems.flat()
}

const bare = (model: string): string => `${model} without inputs`

const codePart = (reason: string): string => reason.split(':', 1)[0]!

/** Keeps the contract of each wired model once. */
async function contractKeeper(
  wiring: Wiring,
  log: PredictionLog,
): Promise<(wired: WiredModel) => Promise<LoggedModel>> {
  const kept = new Map<WiredModel, LoggedModel>()
  return async (wired) => {
    let model = kept.get(wired)
    if (model === undefined) {
      model = { wired, slots: recordSlots(wiring, wired, await log.keepContract(wired.contract)) }
      kept.set(wired, model)
    }
    return model
  }
}
