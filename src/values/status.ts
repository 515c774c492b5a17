/** What is said beside every feature value. A code is the place in this list; places never change. */
export const statuses = ['present', 'null', 'expired', 'not_found', 'overflow', 'inexact', 'unavailable'] as const

export type Status = (typeof statuses)[number]

/** The code of a status in a typed array. */
export const statusCode: Readonly<Record<Status, number>> = {
  present: 0,
  null: 1,
  expired: 2,
  not_found: 3,
  overflow: 4,
  inexact: 5,
  unavailable: 6,
}
