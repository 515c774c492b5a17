import {
  type Definition,
  type DefinitionKind,
  type Deployment,
  type Entity,
  type FeatureView,
  isDefinition,
  type Model,
  type ModelInput,
  type Moment,
  type Source,
} from '../define/index.ts'
import { digestJson } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { mistake, type Place } from './mistake.ts'
import { plainDefinition } from './plain-definition.ts'

/** A definition of the project, and where it was found. */
export interface LoadedDefinition {
  readonly definition: AnyDefinition
  /** The file that exports it; for one that is only referred to, the file that refers to it. Relative to the project. */
  readonly file: string
  /** Null for a definition that no file of the project exports. */
  readonly exportName: string | null
}

/** A definition of any kind. */
export type AnyDefinition = Entity | Source | FeatureView | Moment | Model | Deployment

/** The definitions of one kind. */
export type DefinitionOf<K extends DefinitionKind> = Extract<AnyDefinition, { readonly kind: K }>

/** `kind name`, unique within a project. */
export function definitionKey({ kind, name }: Pick<Definition, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** Where messages say that a definition is. */
export function placeOf({ definition, file }: LoadedDefinition): Place {
  return { file, owner: definitionKey(definition) }
}

/**
 * Every definition that the files export, and every one that these refer to, in order of kind and name.
 * @throws definition_duplicate naming both files, definition_invalid where something else stands in for a definition
 */
export function collectDefinitions(
  exports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): LoadedDefinition[] {
  const found = new Map<string, LoadedDefinition>()
  const queue: LoadedDefinition[] = []
  const add = (loaded: LoadedDefinition): void => {
    const key = definitionKey(loaded.definition)
    const other = found.get(key)
    if (other === undefined) {
      found.set(key, loaded)
      queue.push(loaded)
    } else if (other.definition !== loaded.definition) {
      checkSame(other, loaded)
    }
  }
  for (const [file, namespace] of sorted(exports)) {
    for (const [exportName, value] of sorted(namespace)) {
      // The marker says so; the builders of src/define make nothing else with it.
      if (isDefinition(value)) add({ definition: value as AnyDefinition, file, exportName })
    }
  }
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const { field, kind, value } of referencesOf(next.definition)) {
      if (!isDefinition(value) || value.kind !== kind) {
        throw mistake(
          placeOf(next),
          field,
          `is not ${article(kind)} ${kind}`,
          `Name one that ${builderOf[kind]}() made; an import that is undefined here is often a circular import.`,
        )
      }
      add({ definition: value as AnyDefinition, file: next.file, exportName: null }) // marked, and of the kind asked for
    }
  }
  return [...found.values()].sort((a, b) => (definitionKey(a.definition) < definitionKey(b.definition) ? -1 : 1))
}

const builderOf: Readonly<Record<DefinitionKind, string>> = {
  entity: 'entity',
  source: 'source',
  'feature-view': 'featureView',
  moment: 'moment',
  model: 'model',
  deployment: 'deployment',
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'an' : 'a')

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))

/** Two that are exported are two, whatever they say; one that is only referred to may be an equal copy. */
function checkSame(first: LoadedDefinition, second: LoadedDefinition): void {
  const copy = second.exportName === null || first.exportName === null
  if (copy && digestJson(plainDefinition(first.definition)) === digestJson(plainDefinition(second.definition))) return
  const { kind, name } = first.definition
  const which = (loaded: LoadedDefinition) =>
    loaded.exportName === null ? `one that ${loaded.file} refers to` : `${loaded.exportName} in ${loaded.file}`
  throw noonmarkError('definition_duplicate', {
    message: `Two definitions are the ${kind} '${name}': ${which(first)}, and ${which(second)}.`,
    hint: 'Rename one of them, or export one and import it where it is used.',
    path: `${second.file} > ${definitionKey(second.definition)} > name`,
  })
}

interface Reference {
  readonly field: string
  readonly kind: DefinitionKind
  readonly value: unknown
}

/** What a definition refers to, field by field. Values are unknown: JavaScript may have put anything there. */
export function referencesOf(definition: AnyDefinition): Reference[] {
  switch (definition.kind) {
    case 'entity':
    case 'source':
      return []
    case 'feature-view':
      return [
        { field: 'entity', kind: 'entity', value: definition.entity },
        { field: 'source', kind: 'source', value: definition.source },
      ]
    case 'moment':
      return [
        { field: 'source', kind: 'source', value: definition.source },
        ...Object.entries(definition.roles).map(
          ([role, value]): Reference => ({ field: `entities.${role}`, kind: 'entity', value }),
        ),
      ]
    case 'model':
      return [
        { field: 'moment', kind: 'moment', value: definition.moment },
        ...definition.inputs.flatMap(viewsOf),
        { field: 'label', kind: 'source', value: definition.label.source },
      ]
    case 'deployment':
      return [{ field: 'model', kind: 'model', value: definition.model }]
  }
}

function viewsOf(input: ModelInput, index: number): Reference[] {
  if (!('input' in input)) return []
  if (input.input === 'features') return [{ field: `inputs[${index}]`, kind: 'feature-view', value: input.view }]
  return Object.entries(input.inputs).flatMap(([parameter, reference]): Reference[] =>
    reference.reference === 'feature'
      ? [{ field: `inputs[${index}] ${input.name}.${parameter}`, kind: 'feature-view', value: reference.view }]
      : [],
  )
}
