import { z } from 'zod'
import { jsonReply, type Route, reply, route } from '../route.ts'

const live = route({
  method: 'GET',
  path: '/health/live',
  summary: 'Whether the process runs',
  tag: 'operations',
  input: {},
  output: z.object({ status: z.literal('live') }),
  run: async () => ({ status: 'live' }),
})

const ready = route({
  method: 'GET',
  path: '/health/ready',
  summary: 'Whether the server should get traffic; 503 when it should not, `degraded` when some of it would be refused',
  tag: 'operations',
  input: {},
  output: z.object({
    status: z.enum(['ready', 'degraded', 'not_ready']),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
  }),
  async run({ server }) {
    const { ready, checks } = await server.health()
    const whole = Object.values(checks).every(({ ok }) => ok)
    return jsonReply({ status: ready ? (whole ? 'ready' : 'degraded') : 'not_ready', checks }, ready ? 200 : 503)
  },
})

const metrics = route({
  method: 'GET',
  path: '/metrics',
  summary: 'Metrics in the text format of Prometheus',
  tag: 'operations',
  input: {},
  async run({ server }) {
    const { contentType, text } = await server.metrics()
    return reply(contentType, text)
  },
})

/** The routes of operations. */
export const operationRoutes: readonly Route[] = [live, ready, metrics]
