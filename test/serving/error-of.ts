import { isNoonmarkError, type NoonmarkError } from '../../src/errors.ts'

/** The error of the table that a call throws; null where it throws none. Any other error is a fault of the code. */
export function errorOf(run: () => unknown): NoonmarkError | null {
  try {
    run()
    return null
  } catch (error) {
    if (isNoonmarkError(error)) return error
    throw error
  }
}
