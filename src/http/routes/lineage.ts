import { z } from 'zod'
import { catalogKinds, lineageOf, searchCatalog } from '../../plan/index.ts'
import { type Route, route } from '../route.ts'

const entrySchema = z.object({
  kind: z.enum(catalogKinds),
  name: z.string().describe('A feature is view:feature, a column source.column'),
  means: z.string(),
  description: z.string().nullable(),
  owner: z.string().nullable(),
  file: z.string().nullable(),
  type: z.string().nullable(),
  entity: z.string().nullable(),
  key: z.array(z.string()).nullable().describe('The key columns of the entity'),
  source: z.string().nullable(),
  digest: z.string().nullable(),
})

const nodesSchema = z.array(z.object({ kind: z.string(), name: z.string(), direct: z.boolean() }))

const search = route({
  method: 'GET',
  path: '/v1/catalog',
  summary: 'What is defined, by words of its name, meaning, description, owner or columns',
  tag: 'catalog',
  input: {
    query: z.strictObject({
      query: z.string().max(1_000).default(''),
      kind: z.enum(catalogKinds).optional(),
    }),
  },
  output: z.object({ entries: z.array(entrySchema) }),
  run: async ({ project }, { query: { query, kind } }) => ({
    entries: searchCatalog(project.manifest(), { query, kind: kind ?? null }),
  }),
})

const lineage = route({
  method: 'GET',
  path: '/v1/lineage/{kind}/{name}',
  summary: 'What a definition is made of, down to columns of sources, and who uses it, up to deployments',
  tag: 'catalog',
  input: { params: z.object({ kind: z.enum(catalogKinds), name: z.string().min(1).max(300) }) },
  output: entrySchema.extend({ made_of: nodesSchema, used_by: nodesSchema }),
  run: async ({ project }, { params }) => lineageOf(project.manifest(), params.kind, params.name),
})

/** The routes of the catalog's search and of lineage. */
export const lineageRoutes: readonly Route[] = [search, lineage]
