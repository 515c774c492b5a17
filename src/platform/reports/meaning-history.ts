import type { FeatureViewReport } from '../../http/reports.ts'
import { applications, readManifest } from '../../plan/index.ts'
import { formatInstant } from '../../values/index.ts'
import type { ReportSources } from './report-sources.ts'

/** Applications that are looked at. */
const mostApplications = 50
/** Manifests whose meanings are remembered; each is read once. */
const mostRemembered = 500

/** View -> feature -> digest. */
type Meanings = Readonly<Record<string, Readonly<Record<string, string>>>>
const remembered = new Map<string, Promise<Meanings>>()

/** The applications that changed what the features of a view mean, the newest first. */
export async function meaningHistory(
  { metadata, blobs, project }: Pick<ReportSources, 'metadata' | 'blobs' | 'project'>,
  view: string,
): Promise<FeatureViewReport['versions']> {
  const list = await applications(metadata, project, { limit: mostApplications + 1 })
  const meanings = await Promise.all(list.map(({ blob }) => meaningsIn(blob, () => readManifest(blobs, blob))))
  return list.slice(0, mostApplications).flatMap(({ revision, appliedAtMs, by }, place) => {
    const changes = changesOf(meanings[place + 1]?.[view] ?? {}, meanings[place]?.[view] ?? {})
    return changes.length === 0 ? [] : [{ revision, at: formatInstant(appliedAtMs), by, changes }]
  })
}

/** What features mean in a manifest, which never changes under its digest. */
function meaningsIn(blob: string, read: () => ReturnType<typeof readManifest>): Promise<Meanings> {
  let known = remembered.get(blob)
  if (known === undefined) {
    known = read().then(({ featureViews }) =>
      Object.fromEntries(
        Object.values(featureViews).map(({ name, features }) => [
          name,
          Object.fromEntries(features.map((feature) => [feature.name, feature.digest])),
        ]),
      ),
    )
    known.catch(() => remembered.delete(blob))
    if (remembered.size >= mostRemembered) remembered.clear()
    remembered.set(blob, known)
  }
  return known
}

function changesOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): FeatureViewReport['versions'][number]['changes'] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((feature) => {
    const [was, is] = [before[feature] ?? null, after[feature] ?? null]
    if (was === is) return []
    const change = was === null ? 'added' : is === null ? 'removed' : 'changed'
    return [{ feature, change, digest: is, before: was } as const]
  })
}
