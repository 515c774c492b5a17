import { noonmarkError } from '../../errors.ts'
import type { ProjectContext } from '../context.ts'
import type { TrainingRecords, Worker } from '../work.ts'

/** Whether a server has the rooms that train: what routes of training exist by. */
export const trains = ({ training }: ProjectContext): boolean => training !== undefined

/** The rooms that train. @throws not_found where this server has none */
function training({ training: rooms }: ProjectContext): { readonly records: TrainingRecords; readonly worker: Worker } {
  if (rooms !== undefined) return rooms
  throw noonmarkError('not_found', { message: 'This server does not train.' })
}

/** The records of what was trained and built. */
export const recordsOf = (project: ProjectContext): TrainingRecords => training(project).records

/** The process that plans, trains, builds and measures. */
export const workerOf = (project: ProjectContext): Worker => training(project).worker
