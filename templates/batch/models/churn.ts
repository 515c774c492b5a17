import { beatsBaseline, example, gradientBoosting, model, noLeakage, outcome } from 'noonmark'
import { customerUsage } from '../features/customer.ts'
import { decisions, isLarge, renewal } from '../moments/renewal.ts'

export const churn = model('churn', {
  description: 'Will the customer leave?',
  moment: renewal,
  owner: 'team-accounts',
  inputs: [customerUsage.for('customer'), renewal.request.plan, renewal.request.seats, isLarge],
  // A renewal that nobody decided within two weeks goes on by itself.
  label: outcome(decisions, { value: (row) => row.kept.eq(false), within: '14d', absent: false }),
  trainer: gradientBoosting({ trees: 50, learning_rate: 0.08, leaves: 6 }),
  // The rule that a model must beat, and the answer while there is none.
  baseline: ({ customer_sessions_28d }) => (customer_sessions_28d < 5 ? 0.4 : 0.15),
  checks: [
    noLeakage(),
    beatsBaseline('auc', { by: 0.03 }),
    example(
      'who stopped using it leaves',
      { customer_sessions_7d: 0, customer_sessions_28d: 1, customer_minutes_28d: 12, plan: 'team', seats: 8 },
      { atLeast: 0.3 },
    ),
    example(
      'who uses it daily stays',
      { customer_sessions_7d: 9, customer_sessions_28d: 36, customer_minutes_28d: 900, plan: 'team', seats: 8 },
      { atMost: 0.3 },
    ),
  ],
})
