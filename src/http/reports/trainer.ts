import { z } from 'zod'
import { figure } from './parts.ts'

/** One parameter of a trainer: what `POST /v1/runs` takes in `parameters`. */
export const trainerParameterSchema = z.object({
  name: z.string(),
  meaning: z.string(),
  default: z.union([z.number(), z.string()]),
  min: figure.describe('null for a choice'),
  above: z.boolean().describe('Whether the smallest value itself is refused'),
  max: figure.describe('null for a choice, and where there is no limit'),
  whole: z.boolean().describe('Whether it is a whole number'),
  choices: z.array(z.string()).nullable().describe('null for a number'),
})

export const trainersSchema = z.object({
  trainers: z.array(z.object({ trainer: z.string(), parameters: z.array(trainerParameterSchema) })),
})

export type TrainerParameter = z.output<typeof trainerParameterSchema>
export type Trainers = z.output<typeof trainersSchema>
