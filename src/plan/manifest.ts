import {
  type DefinitionKind,
  type EntitySpec,
  entitySpec,
  type FeatureViewSpec,
  type Manifest,
  type ProjectConfig,
  semantics,
} from '../define/index.ts'
import { type Digest, digestJson } from '../digest.ts'
import { isNoonmarkError, noonmarkError } from '../errors.ts'
import { type DefinitionOf, definitionKey, type LoadedDefinition, placeOf } from './definitions.ts'
import { deploymentSpec } from './deployment-spec.ts'
import { featureViewSpec } from './feature-view-spec.ts'
import type { InputContext } from './input-specs.ts'
import { isOneOf, mistake, type Place } from './mistake.ts'
import { modelSpec } from './model-spec.ts'
import { checkTexts, dtypeNames, sourceSpec } from './source-spec.ts'

/** A function of the project: a baseline, or what a derive runs. */
export type ProjectFunction = (...inputs: never[]) => unknown

/** The functions that a project's definitions hold, with the place to name when one cannot be stored. */
export function projectFunctions(
  definitions: readonly LoadedDefinition[],
): { readonly run: ProjectFunction; readonly place: Place; readonly field: string }[] {
  return ofKind(definitions, 'model').flatMap(({ definition, place }) => [
    ...definition.inputs.flatMap((input, index) =>
      'input' in input && input.input === 'derive'
        ? [{ run: input.run, place, field: `inputs[${index}] ${input.name}` }]
        : [],
    ),
    ...(typeof definition.baseline === 'function' ? [{ run: definition.baseline, place, field: 'baseline' }] : []),
  ])
}

/**
 * The contract that definitions add up to.
 * @param codeOf the digest of a function's code
 * @throws definition_invalid and what is said of the field at fault
 */
export function manifestOf(
  config: ProjectConfig,
  definitions: readonly LoadedDefinition[],
  codeOf: InputContext['codeOf'],
): Manifest {
  const specs = <K extends DefinitionKind, S>(kind: K, make: (place: Place, definition: DefinitionOf<K>) => S) =>
    Object.fromEntries(
      ofKind(definitions, kind).map(({ place, definition }) => [
        definition.name,
        understood(place, () => make(place, definition)),
      ]),
    )

  const entities = specs('entity', (place, definition) => checkedEntity(place, entitySpec(definition)))
  const sources = specs('source', sourceSpec)
  const featureViews: Readonly<Record<string, FeatureViewSpec>> = specs('feature-view', featureViewSpec)
  const moments = specs('moment', (place, { spec }) => {
    checkTexts(place, spec)
    return spec
  })
  const models = specs('model', (place, definition) =>
    modelSpec(place, definition, { moment: moments[definition.moment.name]!, views: featureViews, codeOf }),
  )
  return {
    format: 1,
    semantics,
    project: config.project,
    entities,
    sources,
    featureViews,
    moments,
    models,
    deployments: specs('deployment', deploymentSpec),
    files: Object.fromEntries(definitions.map(({ definition, file }) => [definitionKey(definition), file])),
  }
}

/** What a manifest says, as a digest. Which file says it is no part of it. */
export function manifestDigest(manifest: Manifest): Digest {
  const { files: _files, ...meaning } = manifest
  return digestJson(meaning)
}

/** A project that declares nothing yet. */
export function emptyManifest(project: string): Manifest {
  return {
    format: 1,
    semantics,
    project,
    entities: {},
    sources: {},
    featureViews: {},
    moments: {},
    models: {},
    deployments: {},
    files: {},
  }
}

/** What no check foresaw is still said of its definition: JavaScript can put anything anywhere. */
function understood<S>(place: Place, make: () => S): S {
  try {
    return make()
  } catch (cause) {
    if (isNoonmarkError(cause)) throw cause
    throw noonmarkError('definition_invalid', {
      message: `${place.owner} cannot be understood: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Compare its fields with the reference; in TypeScript the compiler names the one at fault.',
      path: `${place.file} > ${place.owner}`,
      cause,
    })
  }
}

function ofKind<K extends DefinitionKind>(definitions: readonly LoadedDefinition[], kind: K) {
  return definitions.flatMap((loaded) =>
    loaded.definition.kind === kind
      ? // The kind was compared; the compiler cannot narrow a union by a type parameter.
        [{ definition: loaded.definition as DefinitionOf<K>, place: placeOf(loaded) }]
      : [],
  )
}

function checkedEntity(place: Place, spec: EntitySpec): EntitySpec {
  for (const { name, type } of spec.key) {
    if (!isOneOf(dtypeNames, type))
      throw mistake(place, `key.${name}`, 'is not a type', `Write key: { ${name}: string() }.`)
  }
  checkTexts(place, spec)
  return spec
}
