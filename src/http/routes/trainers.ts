import type { TrainerSpec } from '../../define/index.ts'
import { gradientBoostingParameters } from '../../train/trainers/gradient-boosting-parameters.ts'
import { logisticRegressionParameters } from '../../train/trainers/logistic-regression-parameters.ts'
import type { ParameterTable } from '../../train/trainers/parameters.ts'
import { type TrainerParameter, trainersSchema } from '../reports/trainer.ts'
import { type Route, route } from '../route.ts'
import { trains } from './training.ts'

const tables: Readonly<Record<TrainerSpec['kind'], ParameterTable>> = {
  'gradient-boosting': gradientBoostingParameters,
  'logistic-regression': logisticRegressionParameters,
}

const list = route({
  method: 'GET',
  path: '/v1/trainers',
  summary: 'The trainers that there are, and their parameters: defaults, ranges and meanings',
  tag: 'training',
  exists: trains,
  input: {},
  output: trainersSchema,
  run: async () => ({
    trainers: Object.entries(tables).map(([trainer, table]) => ({ trainer, parameters: parametersOf(table) })),
  }),
})

function parametersOf(table: ParameterTable): TrainerParameter[] {
  return Object.entries(table).map(([name, parameter]) => {
    const { meaning, default: value } = parameter
    if ('choices' in parameter) {
      const choices = [...parameter.choices]
      return { name, meaning, default: value, min: null, above: false, max: null, whole: false, choices }
    }
    const { min, max, above = false, whole = false } = parameter
    const limit = max === Number.MAX_VALUE ? null : max
    return { name, meaning, default: value, min, above, max: limit, whole, choices: null }
  })
}

/** The routes of trainers. */
export const trainerRoutes: readonly Route[] = [list]
