import { constant, deployment } from 'noonmark'
import { flightDelay } from './models/flight-delay.ts'

export const departureDelay = deployment('departure-delay', flightDelay, {
  timeout: '500ms',
  fallback: ['baseline', constant({ probability: 0.2 })],
})

/** The baseline rule with no model before it: what every version must beat, measured on the same moments. */
export const departureRule = deployment('departure-rule', flightDelay, {
  timeout: '500ms',
  fallback: ['baseline', constant({ probability: 0.2 })],
})
