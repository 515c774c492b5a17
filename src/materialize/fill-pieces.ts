import type { SourceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import {
  type EntityGroup,
  type GroupFeature,
  type OnlineRange,
  rangeOf,
  type SourceState,
  type StateKeys,
} from '../online/index.ts'
import type { BundleAbout } from './history-bundle.ts'

/** What is filled of one entity group. */
export interface FillPiece {
  readonly group: EntityGroup
  readonly features: readonly GroupFeature[]
  /** Nothing of the group is in the state yet: marks and raw rows are made, too. */
  readonly fresh: boolean
}

/** What a bundle fills of a source as its writer has it, by entity group. @throws fill_outdated */
export function fillPieces(
  {
    source,
    groups,
    state,
  }: { readonly source: SourceSpec; readonly groups: readonly EntityGroup[]; readonly state: SourceState },
  about: BundleAbout,
): FillPiece[] {
  const declared = new Set(groups.flatMap(({ features }) => features.map(({ digest }) => digest)))
  const fits =
    about.features.every((digest) => declared.has(digest) && !state.features.includes(digest)) &&
    about.freshGroups.every((id) => groups.some((group) => group.id === id) && !state.groups.includes(id)) &&
    (about.first ? state.cutoverMs === null : about.cutoverMs === null || about.cutoverMs === state.cutoverMs)
  const filled = new Set(about.features)
  const pieces = groups
    .map((group) => ({
      group,
      fresh: about.freshGroups.includes(group.id),
      features: group.features.filter(({ digest }) => filled.has(digest)),
    }))
    .filter(({ fresh, features }) => fresh || features.length > 0)
  if (fits && pieces.every(({ group, fresh }) => fresh || state.groups.includes(group.id))) return pieces
  throw fillOutdated(`The state of ${source.name} is not the one that its history was folded for.`)
}

/** Where a fill writes before readers look there: an earlier attempt may have left something. */
export function fillPlaces(
  keys: StateKeys,
  { first, source }: BundleAbout,
  pieces: readonly FillPiece[],
): OnlineRange[] {
  const ranges = pieces.flatMap(({ group, features, fresh }) => [
    ...features.map(({ prefix }) => rangeOf(prefix)),
    ...(fresh ? [rangeOf(group.markPrefix), rangeOf(group.rowPrefix)] : []),
  ])
  return first ? [...ranges, keys.historyIds(source)] : ranges
}

/** The error of a bundle that comes too late. */
export const fillOutdated = (message: string) => noonmarkError('fill_outdated', { message })
