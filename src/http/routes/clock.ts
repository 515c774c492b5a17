import { z } from 'zod'
import { noonmarkError } from '../../errors.ts'
import { formatInstant } from '../../values/index.ts'
import { type Route, route } from '../route.ts'
import { instantField } from '../wire.ts'

const clockSchema = z.object({ now: z.iso.datetime() })

const advance = route({
  method: 'PUT',
  path: '/v1/clock',
  summary: 'Advance the replay clock; on the real clock there is no such route',
  tag: 'clock',
  input: { body: z.strictObject({ now: instantField }) },
  output: clockSchema,
  exists: ({ advanceClock }) => advanceClock !== null,
  async run({ project }, { body }) {
    if (project.advanceClock === null) throw noonmarkError('clock_not_replay')
    return { now: formatInstant(await project.advanceClock(body.now)) }
  },
})

/** The routes of the clock. */
export const clockRoutes: readonly Route[] = [advance]
