import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { nameField } from '../wire.ts'
import { trains, workerOf } from './training.ts'

const rollback = route({
  method: 'POST',
  path: '/v1/deployments/{deployment}/rollback',
  summary: 'Let the version before answer again, at once, and hold it there',
  tag: 'deployments',
  exists: trains,
  input: {
    params: z.object({ deployment: nameField }),
    body: z.strictObject({
      to: z.string().max(200).optional().describe('model:number; the champion before where left out'),
      reason: z.string().min(1).max(2_000).default('rolled back'),
      by: z.string().min(1).max(200).default('api'),
    }),
  },
  output: z.object({
    deployment: z.string(),
    hold: z.object({
      version: z.string().nullable().describe('What answers now; null: the fallback'),
      pin: z.string().nullable().describe('What main pinned then: the hold ends when it pins something else'),
      since: z.iso.datetime(),
      reason: z.string(),
      by: z.string(),
    }),
  }),
  run: ({ project }, { params: { deployment }, body: { to, reason, by } }) =>
    workerOf(project).rollBack({ deployment, reason, by, ...(to === undefined ? {} : { to }) }),
})

const release = route({
  method: 'POST',
  path: '/v1/deployments/{deployment}/release',
  summary: 'End the hold of a rollback: what main pins answers again',
  tag: 'deployments',
  exists: trains,
  input: { params: z.object({ deployment: nameField }), body: z.strictObject({}) },
  output: z.object({ deployment: z.string(), released: z.boolean() }),
  run: ({ project }, { params: { deployment } }) => workerOf(project).release({ deployment }),
})

/** The routes of rollbacks. */
export const rollbackRoutes: readonly Route[] = [rollback, release]
