import { z } from 'zod'
import type { Manifest } from '../define/index.ts'
import { errorTable } from '../errors.ts'
import type { DescribedRoute, Route } from './route.ts'

/** The OpenAPI 3.1 description of routes, with the forms that a project's definitions give them. */
export function openApiDocument(routes: readonly Route[], manifest: Manifest): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  const add = (route: Route, described: DescribedRoute, form: string): void => {
    paths[described.path] = {
      ...paths[described.path],
      [route.method.toLowerCase()]: operation(route, described, form),
    }
  }
  for (const route of routes) {
    const { path, summary, input, output } = route
    const general: DescribedRoute = {
      path,
      summary,
      ...(input.body === undefined ? {} : { body: input.body }),
      ...(output === undefined ? {} : { output }),
    }
    add(route, general, '')
    for (const described of route.describe?.(manifest) ?? []) add(route, described, described.path)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: `Noonmark: ${manifest.project}`,
      version: '1',
      description:
        'Every path below /v1/ also stands at /v1/projects/{project}/. Times are ISO 8601 in UTC; int64 values are texts.',
    },
    paths,
    components: {
      schemas: { Error: errorSchema() },
      responses: {
        Error: {
          description: 'The request was refused, or could not be carried out',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  }
}

function operation(route: Route, described: DescribedRoute, form: string): Record<string, unknown> {
  const { input } = route
  const { body, output, summary } = described
  return {
    operationId: operationId(route, form),
    summary,
    tags: [route.tag],
    parameters: [
      ...parameters(input.params, 'path').filter(({ name }) => described.path.includes(`{${name}}`)),
      ...parameters(input.query, 'query'),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } } }),
    responses: {
      [String(route.status ?? 200)]: {
        description: 'Done',
        ...(output === undefined ? {} : { content: jsonContent(output) }),
        ...(route.produces === undefined ? {} : { content: { [route.produces]: { schema: { type: 'string' } } } }),
      },
      ...(route.accepted === undefined
        ? {}
        : { 202: { description: 'The work goes on', content: jsonContent(route.accepted) } }),
      default: { $ref: '#/components/responses/Error' },
    },
  }
}

const jsonContent = (schema: z.ZodType): unknown => ({ 'application/json': { schema: jsonSchema(schema, 'output') } })

function operationId({ method, path }: Route, form: string): string {
  const words = `${method} ${form === '' ? path : form}`.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.filter((word) => word !== 'v1').join('_')
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly schema: unknown
}

function parameters(schema: z.ZodObject | undefined, place: Parameter['in']): Parameter[] {
  if (schema === undefined) return []
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success, // shapes hold schemas
    schema: jsonSchema(field as z.ZodType, 'input'),
  }))
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

function errorSchema(): unknown {
  return {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'hint'],
        properties: {
          code: { type: 'string', enum: Object.keys(errorTable) },
          message: { type: 'string', description: 'What happened' },
          hint: { type: 'string', description: 'How to mend it' },
          path: { type: 'string', description: 'The field at fault' },
        },
      },
    },
  }
}
