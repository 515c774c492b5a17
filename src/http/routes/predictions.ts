import { z } from 'zod'
import type { Manifest } from '../../define/index.ts'
import { errorBody, noonmarkError } from '../../errors.ts'
import { type PredictionRecord, predictionJson } from '../../serve/index.ts'
import { formatInstant } from '../../values/index.ts'
import type { OutcomeFinder } from '../context.ts'
import { anyMomentRequestSchema, momentAnswerSchema, momentRequestSchema } from '../moment-schema.ts'
import { predictionListSchema, predictionSchema } from '../reports/prediction.ts'
import { type Route, route } from '../route.ts'
import { instantField, nameField } from '../wire.ts'
import type { OutcomeFound } from '../work.ts'

const predict = route({
  method: 'POST',
  path: '/v1/moments/{moment}/predictions',
  summary: 'Predict at a moment, for one row or several',
  tag: 'predictions',
  input: { params: z.object({ moment: nameField }), body: anyMomentRequestSchema },
  output: momentAnswerSchema(),
  // The moment decides the form of a row, and this is the path that has to be fast.
  roomReadsBody: true,
  describe: (manifest) =>
    Object.values(manifest.moments).map((spec) => {
      const deployments = deploymentsOf(manifest, spec.name)
      return {
        path: `/v1/moments/${spec.name}/predictions`,
        summary: spec.description ?? `Predict at the moment ${spec.name}`,
        body: momentRequestSchema(spec, deployments),
        output: momentAnswerSchema(deployments),
      }
    }),
  run: ({ project }, { params, body }) => project.predict(params.moment, body),
})

const list = route({
  method: 'GET',
  path: '/v1/predictions',
  summary:
    'Logged predictions of a period with their outcomes, log by log in the order in which they were logged, or the latest first',
  tag: 'predictions',
  input: {
    query: z.strictObject({
      deployment: nameField.optional(),
      from: instantField.optional(),
      to: instantField.optional(),
      after: z.string().optional().describe('Go on after this prediction id'),
      limit: z.coerce.number().int().min(1).max(10_000).default(100),
      order: z
        .enum(['oldest', 'newest'])
        .default('oldest')
        .describe('newest: a page may be short and yet not the last, as long as there is a `next`'),
      outcomes: z.stringbool().default(true).describe('false: without what came true, which takes the worker a moment'),
    }),
  },
  output: predictionListSchema,
  async run({ project }, { query }) {
    const { limit, deployment, from, to, after, order, outcomes } = query
    const finder = outcomes ? project.outcomes : null
    const damaged: { message: string; path?: string }[] = []
    const wanted = {
      onDamage: (error: unknown) => {
        const { message, path } = errorBody(error).error
        damaged.push({ message, ...(path === undefined ? {} : { path }) })
      },
      ...(deployment === undefined ? {} : { deployment }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after }),
    }
    if (order === 'newest') {
      const page = await project.predictions.newest({ ...wanted, limit })
      return { predictions: await withOutcomes(page.records, finder), next: page.next, ...said(damaged) }
    }
    const records: PredictionRecord[] = []
    let next: string | null = null
    for await (const record of project.predictions.read(wanted)) {
      if (records.length === limit) {
        next = records.at(-1)!.predictionId
        break
      }
      records.push(record)
    }
    return { predictions: await withOutcomes(records, finder), next, ...said(damaged) }
  },
})

const one = route({
  method: 'GET',
  path: '/v1/predictions/{id}',
  summary: 'A logged prediction with everything that went into it, and its outcome once known',
  tag: 'predictions',
  input: { params: z.object({ id: z.string().max(100) }) },
  output: predictionSchema,
  async run({ project }, { params }) {
    const record = await project.predictions.get(params.id)
    if (record !== null) return (await withOutcomes([record], project.outcomes))[0]
    throw noonmarkError('not_found', {
      message: `The log has no prediction '${params.id}'.`,
      hint: 'A prediction answered with logged: false is not in the log.',
      path: 'id',
    })
  },
})

/** The routes of predictions. */
export const predictionRoutes: readonly Route[] = [predict, list, one]

/** Records on the wire with what came true; where no room can tell, without. */
async function withOutcomes(records: readonly PredictionRecord[], finder: OutcomeFinder | null): Promise<unknown[]> {
  if (finder === null) return records.map(predictionJson)
  const outcomes = await finder.find(records)
  return records.map((record, i) => ({ ...predictionJson(record), outcome: outcomeJson(outcomes[i] ?? null) }))
}

function outcomeJson(outcome: OutcomeFound | null) {
  return outcome === null ? null : { ...outcome, at: outcome.at === null ? null : formatInstant(outcome.at) }
}

function deploymentsOf(manifest: Manifest, moment: string): string[] {
  return Object.values(manifest.deployments)
    .filter(({ model }) => manifest.models[model]?.moment === moment)
    .map(({ name }) => name)
}

/** Nothing is said where nothing is damaged. */
function said<Damage>(damaged: readonly Damage[]): { readonly damaged?: readonly Damage[] } {
  return damaged.length === 0 ? {} : { damaged }
}
