import { constant, deployment } from 'noonmark'
import { churn } from './models/churn.ts'

/** Which version answers. `noonmark deploy churn:1 --to renewal-churn` writes the pin here. */
export const renewalChurn = deployment('renewal-churn', churn, {
  timeout: '5s', // nobody waits on a screen
  fallback: ['baseline', constant({ probability: 0.2 })],
})
