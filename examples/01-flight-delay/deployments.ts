import { constant, deployment } from 'noonmark'
import { flightDelay } from './models/flight-delay.ts'

export const departureDelay = deployment('departure-delay', flightDelay, {
  timeout: '200ms',
  fallback: ['baseline', constant({ probability: 0.2 })],
})
