import { describe, expect, it } from 'vitest'
import type { TrainerParameter } from '../../../../src/http/reports.ts'
import { emptyRequest, faultsOf, rangeText, trainingRequest } from './training-form.ts'

const number = (name: string, part: Partial<TrainerParameter> = {}): TrainerParameter => ({
  name,
  meaning: 'what it means',
  default: 1,
  min: 0,
  above: false,
  max: null,
  whole: false,
  choices: null,
  ...part,
})
const parameters = [
  number('trees', { min: 1, max: 100_000, whole: true }),
  number('learning_rate', { above: true, max: 1 }),
  number('metric', { min: null, choices: ['log_loss', 'auc'] }),
]

describe('the form of a training', () => {
  it('asks for nothing but the model where nothing is written', () => {
    expect(trainingRequest('late', 'gradient-boosting', emptyRequest, parameters)).toEqual({ model: 'late' })
    expect(faultsOf(emptyRequest, parameters)).toEqual({})
  })

  it('sends what was written, numbers as numbers, days as their beginning', () => {
    const form = {
      trainer: 'logistic-regression',
      seed: ' 7 ',
      from: '2001-01-15',
      to: '2001-06-01T06:30:00Z',
      parameters: { trees: '20', learning_rate: '', metric: 'auc' },
    }
    expect(faultsOf(form, parameters)).toEqual({})
    expect(trainingRequest('late', 'gradient-boosting', form, parameters)).toEqual({
      model: 'late',
      trainer: 'logistic-regression',
      parameters: { trees: 20, metric: 'auc' },
      from: '2001-01-15T00:00:00.000Z',
      to: '2001-06-01T06:30:00.000Z',
      seed: 7,
    })
  })

  it.each([
    [{ trees: '0' }, 'trees'],
    [{ trees: '1.5' }, 'trees'],
    [{ trees: 'many' }, 'trees'],
    [{ learning_rate: '0' }, 'learning_rate'],
    [{ learning_rate: '1.01' }, 'learning_rate'],
    [{ metric: 'f1' }, 'metric'],
  ])('names the field of %o', (written, field) => {
    expect(Object.keys(faultsOf({ ...emptyRequest, parameters: written }, parameters))).toEqual([field])
  })

  it.each([{ seed: '-1' }, { seed: '1.5' }, { from: 'yesterday' }, { to: '2001-13-01' }])(
    'names the field of %o',
    (part) => {
      expect(Object.keys(faultsOf({ ...emptyRequest, ...part }, parameters))).toEqual(Object.keys(part))
    },
  )

  it('says what a parameter may be', () => {
    expect(parameters.map(rangeText)).toEqual(['from 1 to 100,000, whole', 'above 0 to 1', 'one of log_loss, auc'])
  })
})
