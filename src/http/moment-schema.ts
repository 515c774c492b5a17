import { z } from 'zod'
import type { MomentSpec } from '../define/index.ts'
import { requestRowLimit } from '../serve/index.ts'
import type { DtypeName } from '../values/index.ts'

/** The schema of a JSON value of a type. */
export function valueSchema(type: DtypeName): z.ZodType {
  switch (type) {
    case 'bool':
      return z.boolean()
    case 'int':
      return z.int()
    case 'int64':
      return z.string().regex(/^-?\d{1,19}$/)
    case 'float':
      return z.number()
    case 'string':
      return z.string()
    case 'timestamp':
      return z.iso.datetime({ offset: true })
  }
}

/** One row of a moment's requests. */
export function momentRowSchema({ key, entities, request }: MomentSpec): z.ZodObject {
  const fields: Record<string, z.ZodType> = {}
  for (const { name, type } of key) fields[name] = valueSchema(type)
  for (const { role, key: columns } of entities) {
    const [first] = columns
    fields[role] =
      columns.length === 1
        ? valueSchema(first!.type).nullable()
        : z
            .strictObject(Object.fromEntries(columns.map(({ name, type }) => [name, valueSchema(type).nullable()])))
            .nullable()
  }
  for (const { name, dtype } of request) {
    const value = valueSchema(dtype.type)
    const described = dtype.description === undefined ? value : value.describe(dtype.description)
    fields[name] = dtype.nullability === 'optional' ? described.nullish() : described
  }
  fields.at = valueSchema('timestamp').nullish().describe('The instant of the moment; now where left out')
  return z.strictObject(fields)
}

/** Both forms of a request at a moment. */
export function momentRequestSchema(spec: MomentSpec, deployments: readonly string[]): z.ZodType {
  const row = momentRowSchema(spec)
  return z.union([row, batchSchema(row, deployments.length === 0 ? z.string() : z.enum(deployments))])
}

/** A request of any moment, as far as it can be told without the manifest. */
export const anyMomentRequestSchema: z.ZodType = z.union([
  z.record(z.string(), z.unknown()),
  batchSchema(z.record(z.string(), z.unknown()), z.string()),
])

function batchSchema(row: z.ZodType, deployment: z.ZodType): z.ZodType {
  return z.strictObject({
    rows: z.array(row).min(1).max(requestRowLimit),
    deployments: z.array(deployment).min(1).nullish().describe('All of the moment where left out'),
    min_position: z.string().nullish().describe('Answer from everything up to this position'),
  })
}

/** The answer to one row, with a result for each deployment asked. */
export function rowAnswerSchema(deployments: readonly string[]): z.ZodType {
  const result = z.object({
    prediction_id: z.string(),
    output: z.record(z.string(), z.number()),
    model_version: z.string().nullable(),
    answered_by: z.string().describe('champion, fallback:baseline or fallback:constant'),
    reason: z.string().optional().describe('Why a fallback answered'),
    logged: z.boolean().describe('Whether the prediction is durable in the log'),
  })
  const results =
    deployments.length === 0
      ? z.record(z.string(), result)
      : z.object(Object.fromEntries(deployments.map((name) => [name, result.optional()])))
  return z.object({ as_of: z.iso.datetime(), results })
}

/** The answer to a request, of the form that the request had. */
export function momentAnswerSchema(deployments: readonly string[] = []): z.ZodType {
  const row = rowAnswerSchema(deployments)
  return z.union([row, z.object({ rows: z.array(row) })])
}
