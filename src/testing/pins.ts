import type { DeploymentSpec, Manifest } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { Registry } from '../registry/index.ts'

/** Which versions (`model:number`) answer, by deployment: the champion, or champion and shadows. */
export type DeploymentPins = Readonly<
  Record<string, string | { readonly champion?: string | null; readonly shadow?: readonly string[] }>
>

/**
 * A manifest with other pins.
 * @throws not_found for an unknown deployment, version_unknown, version_unfit
 */
export async function pinned(
  manifest: Manifest,
  pins: DeploymentPins,
  registry: Pick<Registry, 'version'>,
): Promise<Manifest> {
  const deployments: Record<string, DeploymentSpec> = { ...manifest.deployments }
  for (const [name, pin] of Object.entries(pins)) {
    const deployment = deployments[name]
    if (deployment === undefined) {
      throw noonmarkError('not_found', {
        message: `There is no deployment '${name}'.`,
        hint: `The deployments are ${Object.keys(deployments).join(', ') || 'none yet'}.`,
        path: name,
      })
    }
    const { champion = deployment.champion, shadow = deployment.shadow } =
      typeof pin === 'string' ? { champion: pin } : pin
    const others = shadow.filter((version) => version !== champion)
    for (const version of champion === null ? others : [champion, ...others]) {
      const { passed, checks } = await registry.version(version)
      if (passed) continue
      throw noonmarkError('version_unfit', {
        message: `${version} did not pass its checks: ${checks.flatMap((check) => (check.passed ? [] : [check.name])).join('; ')}.`,
        path: name,
      })
    }
    deployments[name] = { ...deployment, champion, shadow: others }
  }
  return { ...manifest, deployments }
}
