import { constant, deployment } from 'noonmark'
import { cancellation } from './models/cancellation.ts'

/** Which version answers at the moment. `noonmark deploy cancellation:1 --to ride-cancellation` writes the pin here. */
export const rideCancellation = deployment('ride-cancellation', cancellation, {
  timeout: '100ms',
  fallback: ['baseline', constant({ probability: 0.2 })],
})
