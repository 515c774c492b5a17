import { type Cell, csvText, dayMs, hourMs, iso, normal, seededRandom, sigmoid } from './csv.ts'

const days = 140
const customers = 500
/** The logarithm of how many sessions an ordinary customer has a day. */
const ordinary = -1.6
const everyDays = 28
const plans = ['basic', 'team', 'company'] as const

type Dated = readonly [atMs: number, row: readonly Cell[]]

/**
 * The made-up customers of the batch template, up to an instant: the same for the same instant. How much somebody uses the product
 * drifts over the weeks; who uses it little leaves more often, and is replaced by another.
 */
export function renewalFiles(endMs: number): Readonly<Record<string, string>> {
  const next = seededRandom(7_311)
  const startMs = endMs - days * dayMs
  const sessions: Dated[] = []
  const renewals: Dated[] = []
  const decisions: Dated[] = []
  const due: Dated[] = []
  for (let c = 0; c < customers; c++) {
    const customer = `c-${String(c + 1).padStart(4, '0')}`
    const size = Math.floor(next() * plans.length)
    const plan = plans[size]!
    const seats = 1 + Math.floor(next() * [5, 20, 80][size]!)
    let usage = ordinary + 0.8 * normal(next)
    const firstDue = Math.floor(next() * everyDays)
    for (let day = 0; day < days; day++) {
      const dayStart = startMs + day * dayMs
      usage += 0.25 * normal(next) - 0.05 * (usage - ordinary)
      const chance = Math.exp(usage)
      for (let left = chance; left > 0 && next() < Math.min(1, left); left--)
        sessions.push([
          0,
          ['', customer, Math.round(4 + 40 * next() + 10 * chance), iso(dayStart + (7 + 12 * next()) * hourMs)],
        ])
      if (day % everyDays !== firstDue || day < everyDays) continue
      const listedMs = dayStart + 6 * hourMs
      const renewal = `r-${customer.slice(2)}-${day}`
      renewals.push([listedMs, [renewal, customer, plan, seats, iso(listedMs)]])
      const leaves = next() < sigmoid(-1.5 - 1.9 * (usage - ordinary) + (size === 0 ? 0.5 : -0.2))
      const decidedMs = listedMs + Math.floor((1 + 11 * next()) * dayMs)
      if (decidedMs < endMs)
        decisions.push([decidedMs, [renewal, !leaves, leaves ? 0 : Math.round(10 * next()), iso(decidedMs)]])
      if (leaves) usage = ordinary + 0.8 * normal(next)
    }
    if (days % everyDays === firstDue) due.push([endMs, [`r-${customer.slice(2)}-${days}`, customer, plan, seats]])
  }
  const started = sessions.map(([, row]) => row).sort((a, b) => (String(a[3]) < String(b[3]) ? -1 : 1))
  const inOrder = (rows: readonly Dated[]) => [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
  return {
    'data/sessions.csv': csvText(
      ['session_id', 'customer', 'minutes', 'started_at'],
      started.map(([, ...rest], i) => [`s-${String(i + 1).padStart(6, '0')}`, ...rest]),
    ),
    'data/renewals.csv': csvText(['renewal_id', 'customer', 'plan', 'seats', 'listed_at'], inOrder(renewals)),
    'data/decisions.csv': csvText(['renewal_id', 'kept', 'discount', 'decided_at'], inOrder(decisions)),
    'data/due-today.csv': csvText(['renewal_id', 'customer', 'plan', 'seats'], inOrder(due)),
  }
}
