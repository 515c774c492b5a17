import type { Deployment, DeploymentSpec, FallbackSpec } from '../define/index.ts'
import { isOneOf, mistake, type Place } from './mistake.ts'
import { checkTexts } from './source-spec.ts'

/**
 * A deployment as it goes into the manifest.
 * @throws definition_invalid
 */
export function deploymentSpec(place: Place, { spec }: Deployment): DeploymentSpec {
  for (const [index, pin] of spec.shadow.entries()) {
    if (pin === spec.champion)
      throw mistake(
        place,
        `shadow[${index}]`,
        `is the champion: '${pin}'`,
        'A shadow is another version; leave it out.',
      )
    if (spec.shadow.indexOf(pin) !== index)
      throw mistake(place, `shadow[${index}]`, `stands there twice: '${pin}'`, 'Name each version once.')
  }
  for (const [index, step] of spec.fallback.entries()) checkFallback(place, `fallback[${index}]`, step)
  if (!isOneOf(['best_effort', 'required'], spec.log))
    throw mistake(place, 'log', `is unknown: '${String(spec.log)}'`, "Choose 'best_effort' or 'required'.")
  checkTexts(place, spec)
  return spec
}

function checkFallback(place: Place, field: string, step: FallbackSpec): void {
  if (step?.fallback === 'baseline') return
  if (step?.fallback === 'constant') {
    const { probability } = step.output
    if (typeof probability === 'number' && probability >= 0 && probability <= 1) return
    throw mistake(place, field, 'is not a probability', 'Write constant({ probability: 0.2 }), between 0 and 1.')
  }
  throw mistake(place, field, 'is not a fallback', "Write 'baseline' or constant({ probability: 0.2 }).")
}
