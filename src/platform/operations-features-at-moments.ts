import type { Manifest, MomentSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { TableVersion } from '../offline/index.ts'
import { type NeededFeature, spineFeature } from '../offline/training-inputs.ts'
import type { TrainingPorts } from '../train/index.ts'
import type { Instant, Table } from '../values/index.ts'

/**
 * The occurrences of a moment with features as they were known then: for looking around before a model exists. Columns as a
 * training set has them, without a label.
 * @throws moment_without_history, training_set_empty, request_invalid naming the feature
 */
export async function featuresAtMoments(
  ports: TrainingPorts,
  moment: MomentSpec,
  features: readonly string[],
  { fromMs, toMs, cutMs }: { readonly fromMs: Instant | null; readonly toMs: Instant | null; readonly cutMs: Instant },
  onProgress: (step: string, done: number, total: number) => void,
): Promise<Table> {
  const { manifest, engine } = ports
  const wanted = chosenFeatures(manifest, moment, features)
  const sources = [...new Set(wanted.map(({ view }) => manifest.featureViews[view]!.source))]
  onProgress('pin the tables', 0, 0)
  const versions = await ports.tables([...new Set([moment.source, ...sources])])
  const spine = await readSpine(ports, moment, versions, fromMs, Math.min(toMs ?? cutMs, cutMs))
  const at = spine.columns.at
  if (at?.type !== 'timestamp') throw new TypeError('moments have a column at')
  // Served moments take the instants that their answers had logged, as training sets do.
  const logged = await ports.loggedAsOf(moment.name, sources)(async () => spine)
  const asOf = new Map(
    sources.map((source) => {
      const own = logged[source]
      return [source, own?.map((instant, row) => (Number.isNaN(instant) ? at.values[row]! : instant)) ?? at.values]
    }),
  )
  const columns = await engine.features({
    features: wanted.map((feature) => spineFeature(manifest, moment, spine, feature, (source) => asOf.get(source)!)),
    versions,
    rows: spine.rows,
    onProgress: (done, total) => onProgress('compute features', done, total),
  })
  const named = Object.fromEntries(wanted.map(({ input }, i) => [input, columns[i]!.values]))
  return { rows: spine.rows, columns: { ...spine.columns, ...named } }
}

async function readSpine(
  { engine, manifest }: TrainingPorts,
  moment: MomentSpec,
  versions: Readonly<Record<string, TableVersion>>,
  fromMs: Instant | null,
  toMs: Instant,
): Promise<Table> {
  const version = versions[moment.source]!
  if (version.files.every(({ rows }) => rows === 0)) {
    throw noonmarkError('moment_without_history', {
      message: `The moment ${moment.name} has no past occurrences: source ${moment.source} has no rows.`,
      path: `moment ${moment.name} > source`,
    })
  }
  const spine = await engine.readMoments(moment, manifest.sources[moment.source]!, version, { fromMs, toMs })
  if (spine.rows > 0) return spine
  throw noonmarkError('training_set_empty', {
    message: `No moment of ${moment.name} happened in that range.`,
    path: `moment ${moment.name}`,
  })
}

/**
 * What `view:feature`, `view` and either with `@role` ask for. Without a role: every role of the view's entity. Columns are
 * `<role>_<feature>`, and `<role>_<view>:<feature>` where two views have a feature of that name.
 */
function chosenFeatures(manifest: Manifest, moment: MomentSpec, texts: readonly string[]): NeededFeature[] {
  const chosen = new Map<string, Omit<NeededFeature, 'input'>>()
  for (const text of texts) {
    const [reference = '', role] = text.split('@')
    const [viewName = '', featureName] = reference.split(':')
    const view = manifest.featureViews[viewName]
    const found = view?.features.filter(({ name }) => featureName === undefined || name === featureName) ?? []
    if (view === undefined || found.length === 0) {
      const known = Object.values(manifest.featureViews).flatMap(({ name, features }) =>
        view === undefined || view.name === name ? features.map((feature) => `${name}:${feature.name}`) : [],
      )
      throw noonmarkError('request_invalid', {
        message: `There is no feature ${reference}.`,
        hint: `Write view:feature; there are ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', ...' : ''}.`,
        path: 'features',
      })
    }
    const roles = moment.entities.filter(({ entity }) => entity === view.entity).map((one) => one.role)
    const asked = role === undefined ? roles : roles.filter((one) => one === role)
    if (asked.length === 0) {
      throw noonmarkError('request_invalid', {
        message: `${reference} describes a ${view.entity}, and the moment ${moment.name} has no ${role === undefined ? 'role' : `role '${role}'`} that is one.`,
        hint: `The roles are ${moment.entities.map((one) => `${one.role} (${one.entity})`).join(', ') || 'none'}.`,
        path: 'features',
      })
    }
    for (const one of asked)
      for (const { name } of found)
        chosen.set(`${one} ${viewName}:${name}`, { role: one, view: viewName, feature: name })
  }
  const all = [...chosen.values()]
  const short = ({ role, feature }: Omit<NeededFeature, 'input'>): string => `${role}_${feature}`
  return all.map((one) => {
    const isShared = all.some((other) => other !== one && short(other) === short(one))
    return { ...one, input: isShared ? `${one.role}_${one.view}:${one.feature}` : short(one) }
  })
}
